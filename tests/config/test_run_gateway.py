"""The sandbox gateway of `make run`: where it is wanted, its port, and the settings by which it is found."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from config.run import gateway
from config.run.children import Child, GaveUpError
from memberships.gateways.sandbox.address import Address, write_address
from tests.config.embedded_users import PROJECT
from tests.config.test_settings import A_KEY


def noted(folder: Path, port: int) -> None:
    write_address(folder / "gateway.json", Address(f"http://127.0.0.1:{port}", "secret", "whsec_c2VjcmV0"))


def test_it_comes_back_on_the_port_it_had(tmp_path: Path) -> None:
    first = gateway.choose_port(tmp_path)
    noted(tmp_path, first)
    assert gateway.choose_port(tmp_path) == first


def test_a_port_that_was_taken_meanwhile_is_left(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        noted(tmp_path, taken.getsockname()[1])
        assert gateway.choose_port(tmp_path) != taken.getsockname()[1]


def test_a_gateway_that_never_answers_stops_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gateway, "ANSWERS_WITHIN", 0.3)
    child = Child("gateway", ["-c", "import time; time.sleep(600)"])
    child.start()
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with pytest.raises(GaveUpError, match="did not answer"):
        gateway.wait_until_it_answers(child, port)
    child.stop()


def test_it_is_not_wanted_in_production_nor_beside_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SANDBOX_GATEWAY_URL", raising=False)
    assert gateway.is_wanted()
    monkeypatch.setenv("SANDBOX_GATEWAY_URL", "http://127.0.0.1:1")
    assert not gateway.is_wanted()
    monkeypatch.delenv("SANDBOX_GATEWAY_URL")
    monkeypatch.setenv("PLUSDESK_PRODUCTION", "1")
    assert not gateway.is_wanted()


def gateways_of(**environment: str) -> "subprocess.CompletedProcess[str]":
    """The names of the gateways that the settings have."""
    code = "from django.conf import settings; print(sorted(settings.GATEWAYS))"
    production = {
        "PLUSDESK_PRODUCTION": "1", "SECRET_KEY": "x" * 50, "ALLOWED_HOSTS": "desk.example",
        "SECRETS_KEYS": A_KEY, "SECRETS_HASH_KEY": A_KEY,
        "DJANGO_SETTINGS_MODULE": "config.settings",
    }  # fmt: skip
    return subprocess.run(
        [sys.executable, "-c", code], cwd=PROJECT, env=os.environ | production | environment, capture_output=True,
        text=True,
    )  # fmt: skip


def test_production_has_the_sandbox_only_where_it_is_named() -> None:
    assert gateways_of(SANDBOX_GATEWAY_URL="").stdout == "[]\n"
    named = gateways_of(SANDBOX_GATEWAY_URL="http://127.0.0.1:1", SANDBOX_GATEWAY_SECRET="shared")
    assert named.stdout == "['sandbox']\n"


def test_a_sandbox_that_is_named_without_its_secret_is_refused() -> None:
    done = gateways_of(SANDBOX_GATEWAY_URL="http://127.0.0.1:1", SANDBOX_GATEWAY_SECRET="")
    assert done.returncode == 1
    assert "SANDBOX_GATEWAY_URL is set, SANDBOX_GATEWAY_SECRET is missing." in done.stderr

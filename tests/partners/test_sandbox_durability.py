"""What a partner has acknowledged survives a crash; its address stays; its process says what is wrong."""

import ast
import http.client
import os
import socket
import stat
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from config.embedded import processes
from memberships.gateways.sandbox.calls import CallError, Signer, call
from partners.sandbox.address import fresh_secrets, read_address
from tests.partner import PROJECT, Listener, PartnerServer, PartnersForTests


@pytest.mark.crash
def test_every_order_that_was_acknowledged_is_in_the_books_after_a_crash(partners: PartnersForTests) -> None:
    iqiyi, acknowledged = partners.partner("iqiyi"), {}
    enough = threading.Event()

    def order(number: int) -> None:
        try:
            answer = iqiyi.order(f"{number}-1", order=f"F{number}")
        except (OSError, http.client.HTTPException):
            return
        acknowledged[f"F{number}"] = answer.data["reference"]
        if len(acknowledged) == 100:
            enough.set()

    with ThreadPoolExecutor(16) as pool:
        pool.map(order, range(400))
        assert enough.wait(60)
        partners.server.kill()
    assert 100 <= len(acknowledged) < 400
    partners.server.start()
    booked = {fulfilment["order"]: fulfilment["reference"] for fulfilment in iqiyi.fulfilments()}
    assert acknowledged.items() <= booked.items()
    assert {fulfilment["provisioned"] for fulfilment in iqiyi.fulfilments()} == {1}


@pytest.mark.crash
def test_confirmations_and_events_that_were_due_come_after_a_crash(
    partners: PartnersForTests, listener: Listener
) -> None:
    kugou = partners.partner("kugou")
    kugou.change(confirm_after_ms=300)
    listener.answer = lambda event: (503, {})
    kugou.order("1", order="F1")
    assert processes.wait_until(lambda: len(listener.deliveries) == 1, seconds=10)
    kugou.order("2", order="F2")
    partners.server.kill()
    listener.answer = lambda event: (200, {})
    partners.server.start()
    partners.wait_until_sent()
    assert sorted(taken["event"]["data"]["order"] for taken in listener.taken()) == ["F1", "F2"]
    assert kugou.states() == {"F1": "active", "F2": "active"}


@pytest.mark.crash
def test_a_command_repeated_across_crashes_is_done_once(partners: PartnersForTests) -> None:
    iqiyi, answers = partners.partner("iqiyi"), set()
    for _crash in range(3):
        answers.add(iqiyi.order("1").body)
        partners.server.kill()
        partners.server.start()
    assert len(answers) == 1
    assert iqiyi.fulfilments()[0]["provisioned"] == 1


def test_emptied_it_is_as_new_but_for_its_keys(partners: PartnersForTests) -> None:
    iqiyi, before = partners.partner("iqiyi"), partners.server.address
    iqiyi.change(price="99.00")
    iqiyi.order("1")
    partners.empty_books()
    assert iqiyi.fulfilments() == [] and iqiyi.commands() == [] and iqiyi.events() == []
    assert {partner["code"]: partner["price"] for partner in partners.partners()}["iqiyi"] == "10.00"
    assert partners.server.address == before


def test_partners_started_again_keep_port_and_keys_which_only_their_owner_reads(tmp_path: Path) -> None:
    server = PartnerServer(tmp_path)
    server.start()
    before = server.address
    server.stop()
    server.start()
    assert server.address == before
    assert len({key for keys in before.partners.values() for key in (keys.orders_secret, keys.events_secret)}) == 10
    assert stat.S_IMODE(server.address_file.stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "partners.sqlite3").stat().st_mode) == 0o600
    server.stop()


def test_the_environment_names_keys_and_where_events_go(tmp_path: Path) -> None:
    fresh = fresh_secrets()
    server = PartnerServer(tmp_path)
    server.start(
        SANDBOX_PARTNER_SECRET="ours", SANDBOX_PARTNER_JD_HEALTH_ORDERS_SECRET=fresh.orders_secret,
        SANDBOX_PARTNER_JD_HEALTH_EVENTS_SECRET=fresh.events_secret,
        SANDBOX_PARTNER_EVENTS_URL="http://127.0.0.1:9/",
    )  # fmt: skip
    address = server.address
    assert address.secret == "ours" and address.partners["jd-health"] == fresh
    asked = call(address.url, Signer("ours"), "GET", "/control/events-url", timeout=5)
    assert asked == {"url": "http://127.0.0.1:9"}
    server.stop()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"url": "http://127.0.0.1:1"}', '{"url": 1, "partners": {"a": 1}}'])
def test_an_address_that_cannot_be_read_is_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "partners.json").write_text(text)
    assert read_address(tmp_path / "partners.json") is None


def run(*options: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "partners.sandbox", *options], cwd=PROJECT, capture_output=True, text=True,
        timeout=60, env=os.environ | environment,
    )  # fmt: skip


def test_what_keeps_it_from_starting_is_said_in_one_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = run("--port", str(taken.getsockname()[1]), "--data", str(tmp_path / "books"))
    assert done.returncode == 1 and done.stderr.startswith("The sandbox partners cannot start: ")
    assert done.stderr.count("\n") == 1
    done = run("--port", "29998", "--data", str(tmp_path / "nowhere" / "books"))
    assert done.returncode == 1 and done.stderr.count("\n") == 1
    done = run("--port", "29998", "--data", str(tmp_path / "books"), SANDBOX_PARTNER_IQIYI_ORDERS_SECRET="whsec_!")
    assert done.returncode == 1 and "whsec_ and base64" in done.stderr
    assert "give --address" in run("--data", str(tmp_path / "books")).stderr


def test_it_listens_on_loopback_only_and_shows_no_secret(partners: PartnersForTests) -> None:
    process = psutil.Process(partners.server.pid)
    listening = [held.laddr for held in process.net_connections("inet") if held.status == psutil.CONN_LISTEN]
    assert listening == [("127.0.0.1", partners.server.address.port)]
    assert partners.server.address.secret not in " ".join(process.cmdline())


def test_only_who_holds_the_secret_orders_it_about(partners: PartnersForTests) -> None:
    for secret in ("", "guessed", partners.server.address.partners["iqiyi"].orders_secret):
        with pytest.raises(CallError):
            call(partners.url, Signer(secret), "GET", "/control/load", timeout=5)
    with pytest.raises(CallError, match="404"):
        partners.partner("nobody").faults()


def test_the_server_is_a_world_of_its_own() -> None:
    """It may share dates and the sandbox gateway's modules with Plusdesk, and nothing else: no model, no service."""
    shared = ("memberships.dates", "memberships.gateways.sandbox", "partners.sandbox")
    for file in (PROJECT / "partners" / "sandbox").glob("*.py"):
        imported = [
            name
            for node in ast.walk(ast.parse(file.read_text()))
            for name in ([node.module or ""] if isinstance(node, ast.ImportFrom) else
                         [alias.name for alias in node.names] if isinstance(node, ast.Import) else [])
        ]  # fmt: skip
        floors = ("django", "partners", "benefits", "memberships", "operations", "config")
        ours = [name for name in imported if name.partition(".")[0] in floors]
        assert all(name.startswith(shared) for name in ours), file.name

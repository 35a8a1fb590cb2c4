"""The sandbox partners of `make run`: where they are wanted, their port, and where their events go."""

import socket
from pathlib import Path

import pytest

from config.run import partner
from config.run.children import Child, GaveUpError
from memberships.gateways.sandbox.calls import Signer, call
from partners.sandbox.address import Address, read_address, write_address


def noted(folder: Path, port: int) -> None:
    write_address(folder / "partners.json", Address(f"http://127.0.0.1:{port}", "secret"))


def test_they_come_back_on_the_port_they_had(tmp_path: Path) -> None:
    first = partner.choose_port(tmp_path)
    noted(tmp_path, first)
    assert partner.choose_port(tmp_path) == first


def test_a_port_that_was_taken_meanwhile_is_left(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        noted(tmp_path, taken.getsockname()[1])
        assert partner.choose_port(tmp_path) != taken.getsockname()[1]


def test_partners_that_never_answer_stop_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(partner, "ANSWERS_WITHIN", 0.3)
    child = Child("partner", ["-c", "import time; time.sleep(600)"])
    child.start()
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with pytest.raises(GaveUpError, match="did not answer"):
        partner.wait_until_it_answers(child, port)
    child.stop()


def test_they_are_not_wanted_in_production_nor_beside_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SANDBOX_PARTNER_URL", raising=False)
    assert partner.is_wanted()
    monkeypatch.setenv("SANDBOX_PARTNER_URL", "http://127.0.0.1:1")
    assert not partner.is_wanted()
    monkeypatch.delenv("SANDBOX_PARTNER_URL")
    monkeypatch.setenv("PLUSDESK_PRODUCTION", "1")
    assert not partner.is_wanted()


def test_started_by_the_run_they_leave_their_address_and_send_events_to_the_desk(tmp_path: Path) -> None:
    port = partner.choose_port(tmp_path)
    child = partner.make_child(tmp_path, port)
    child.start()
    try:
        partner.wait_until_it_answers(child, port)
        partner.send_events_to(tmp_path, "http://127.0.0.1:8000/")
        address = read_address(tmp_path / "partners.json")
        assert address is not None and address.port == port
        assert set(address.partners) == {"iqiyi", "kugou", "jd-health", "jd-read", "marriott"}
        signer = Signer(address.secret)
        asked = call(address.url, signer, "GET", "/control/events-url", timeout=5)
        assert asked == {"url": "http://127.0.0.1:8000"}
        played = call(address.url, signer, "GET", "/control/partners", timeout=5)["partners"]
        assert {one["confirm_after_ms"] for one in played if one["code"] == "kugou"} == {3000}
    finally:
        child.stop()


def test_without_an_address_the_run_says_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(GaveUpError, match="no address"):
        partner.send_events_to(tmp_path, "http://127.0.0.1:8000/")

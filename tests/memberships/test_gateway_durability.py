"""What the gateway has acknowledged survives its crash; its address stays; its process says what is wrong."""

import ast
import asyncio
import socket
import stat
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import psutil
import pytest

from memberships.gateways import Answer, Charge, Gateway, Outcome
from memberships.gateways.sandbox.address import read_address
from memberships.gateways.sandbox.client import SandboxGateway
from tests.gateway import PROJECT, GatewayForTests, GatewayServer


@pytest.mark.crash
def test_every_charge_that_was_acknowledged_is_in_the_books_after_a_crash(gateway: GatewayForTests) -> None:
    gateway.order_faults(latency_ms=20)
    answers: list[Answer] = []

    async def charge_until_the_crash(opened: Gateway) -> None:
        async def charge(number: int) -> None:
            answers.append(await opened.charge(Charge(f"{number}-1", f"tok_ok_{number}", Decimal("9.90"))))
            if len(answers) == 300:
                await asyncio.to_thread(gateway.server.kill)

        async with asyncio.timeout(60), asyncio.TaskGroup() as group:
            for number in range(1000):
                group.create_task(charge(number))
                await asyncio.sleep(0.001)

    gateway.talk(charge_until_the_crash)
    acknowledged = {answer.key: answer.reference for answer in answers if answer.outcome is Outcome.SUCCEEDED}
    assert 300 <= len(acknowledged) < 1000
    assert {answer.outcome for answer in answers} == {Outcome.SUCCEEDED, Outcome.UNKNOWN}
    gateway.server.start()
    booked = {line["key"]: line["reference"] for line in gateway.paid()}
    assert acknowledged.items() <= booked.items()
    first = answers[0]
    assert gateway.talk(lambda opened: opened.find_charge(first.key)) == first


@pytest.mark.crash
def test_a_charge_repeated_across_crashes_is_made_once(gateway: GatewayForTests) -> None:
    references = set()
    for _crash in range(3):
        references.add(gateway.charge("7-1").reference)
        gateway.server.kill()
        gateway.server.start()
    assert len(references) == 1
    assert gateway.paid_per_token() == {"tok_ok_1": 1}


def test_it_ends_in_good_order_also_while_callers_wait_for_what_never_comes(gateway: GatewayForTests) -> None:
    gateway.order_faults(orders={"timeout_after": 1})

    async def charge_and_stop(opened: Gateway) -> Answer:
        charging = asyncio.ensure_future(opened.charge(Charge("7-1", "tok_ok_1", Decimal("99.00"))))
        while not gateway.charges():
            await asyncio.sleep(0.01)
        await asyncio.to_thread(gateway.server.stop)
        return await charging

    assert gateway.talk(charge_and_stop).outcome is Outcome.UNKNOWN
    gateway.server.start()
    assert gateway.paid_per_token() == {"tok_ok_1": 1}


def test_a_gateway_started_again_keeps_port_and_secrets_which_only_its_owner_reads(tmp_path: Path) -> None:
    server = GatewayServer(tmp_path)
    server.start()
    before = server.address
    server.stop()
    server.start()
    assert server.address == before
    assert stat.S_IMODE(server.address_file.stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "gateway.sqlite3").stat().st_mode) == 0o600
    server.stop()


def test_the_adapter_reads_the_address_when_it_calls(gateway: GatewayForTests, tmp_path: Path) -> None:
    note = tmp_path / "gateway.json"
    adapter = SandboxGateway(name="sandbox", address_file=note, timeout=5)

    async def charge() -> Answer:
        async with adapter as opened:
            return await opened.charge(Charge("7-1", "tok_ok_1", Decimal("99.00")))

    assert asyncio.run(charge()).code == "unreachable"
    note.write_text(gateway.server.address_file.read_text())
    assert asyncio.run(charge()).outcome is Outcome.SUCCEEDED


@pytest.mark.parametrize("text", ["", "{", "[]", '{"url": "http://127.0.0.1:1"}'])
def test_an_address_that_cannot_be_read_is_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "gateway.json").write_text(text)
    assert read_address(tmp_path / "gateway.json") is None


def run(*options: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "memberships.gateways.sandbox", *options], cwd=PROJECT, capture_output=True, text=True,
        timeout=60,
    )  # fmt: skip


def test_a_taken_port_and_a_folder_that_is_not_there_are_said_in_one_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = run("--port", str(taken.getsockname()[1]), "--data", str(tmp_path / "books"))
    assert done.returncode == 1 and done.stderr.startswith("The sandbox gateway cannot start: ")
    assert done.stderr.count("\n") == 1
    done = run("--port", "29999", "--data", str(tmp_path / "nowhere" / "books"))
    assert done.returncode == 1 and done.stderr.count("\n") == 1
    assert "give --address" in run("--data", str(tmp_path / "books")).stderr


def test_it_listens_on_loopback_only_and_shows_no_secret(gateway: GatewayForTests) -> None:
    process = psutil.Process(gateway.server.pid)
    listening = [held.laddr for held in process.net_connections("inet") if held.status == psutil.CONN_LISTEN]
    assert listening == [("127.0.0.1", gateway.server.address.port)]
    assert gateway.server.address.secret not in " ".join(process.cmdline())


def test_the_server_is_a_world_of_its_own() -> None:
    """It may share dates and its own modules with Plusdesk, and nothing else: no Django, no model, no service."""
    shared = ("memberships.dates", "memberships.gateways.sandbox")
    for file in (PROJECT / "memberships" / "gateways" / "sandbox").glob("*.py"):
        imported = [
            name
            for node in ast.walk(ast.parse(file.read_text()))
            for name in ([node.module or ""] if isinstance(node, ast.ImportFrom) else
                         [alias.name for alias in node.names] if isinstance(node, ast.Import) else [])
        ]  # fmt: skip
        ours = [name for name in imported if name.partition(".")[0] in ("django", "memberships", "operations")]
        assert file.name == "client.py" or all(name.startswith(shared) for name in ours), file.name

"""A sandbox gateway for the tests: one real server per pytest process, started when the first test wants it."""

import asyncio
import os
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

import pytest
from django.conf import settings

from config.embedded import processes
from memberships.gateways import Answer, Charge, Gateway, RefundOrder, get_gateway
from memberships.gateways.sandbox.address import Address, read_address
from memberships.gateways.sandbox.calls import CallError
from memberships.gateways.sandbox.control import SandboxControl

T = TypeVar("T")
PROJECT = Path(__file__).resolve().parent.parent


class GatewayServer:
    """The server's process over one folder of books; started again it is at the same address."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.address_file = folder / "gateway.json"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> Address:
        address = read_address(self.address_file)
        assert address is not None, "the gateway has never listened"
        return address

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start it unless it runs; it listens when this returns."""
        if self.is_running:
            return
        known = read_address(self.address_file)
        self._process = subprocess.Popen(
            [
                sys.executable, "-m", "memberships.gateways.sandbox", "--port", str(known.port if known else 0),
                "--data", str(self.folder / "gateway.sqlite3"), "--address", str(self.address_file),
            ],
            cwd=PROJECT,
            env={name: value for name, value in os.environ.items() if not name.startswith("SANDBOX_")},
            start_new_session=True,
        )
        assert processes.wait_until(self._answers, seconds=30), "the sandbox gateway does not start"

    def stop(self) -> None:
        """Ask it to end, and wait for that."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End it as a crash would."""
        self._end(signal.SIGKILL)

    def _end(self, number: int) -> None:
        if self._process is not None:
            self._process.send_signal(number)
            self._process.wait(30)
            self._process = None

    def _answers(self) -> bool:
        assert self.is_running, "the sandbox gateway has ended at its start"
        try:
            SandboxControl(self.address.url, self.address.secret).faults()
        except (CallError, AssertionError):
            return False
        return True


class GatewayForTests(SandboxControl):
    """What a test does with the gateway: talk to it, order faults, count what it booked, stop and kill it."""

    def __init__(self, server: GatewayServer) -> None:
        self.server = server
        super().__init__(server.address.url, server.address.secret)

    @property
    def adapter(self) -> Gateway:
        """As the product gets it."""
        return get_gateway("sandbox")

    def talk(self, talk: Callable[[Gateway], Awaitable[T]]) -> T:
        """What a conversation through the adapter comes to."""

        async def open_and_talk() -> T:
            async with self.adapter as opened:
                return await talk(opened)

        return asyncio.run(open_and_talk())

    def charge(self, key: str, *, token: str = "tok_ok_1", amount: str = "99.00") -> Answer:
        return self.talk(lambda opened: opened.charge(Charge(key, token, Decimal(amount))))

    def refund(self, key: str, *, of: str, amount: str, reference: str = "") -> Answer:
        return self.talk(lambda opened: opened.refund(RefundOrder(key, of, reference, Decimal(amount))))

    def be_patient(self, seconds: float) -> None:
        """How long an answer is waited for, by the adapters of this test and of processes it starts from now on."""
        settings.GATEWAYS["sandbox"]["options"]["timeout"] = seconds
        os.environ["SANDBOX_GATEWAY_TIMEOUT"] = str(seconds)

    def wait_for_orders(self) -> None:
        """Until nothing is under way any more, also of senders that are gone."""
        assert processes.wait_until(lambda: not self.in_flight(), seconds=30)

    @property
    def events_url(self) -> str:
        return self.server.address.events_url

    @property
    def events_secret(self) -> str:
        return self.server.address.events_secret

    def paid(self, *, token: str = "") -> list[dict[str, Any]]:
        """The charges that moved money, in the order of booking."""
        return [charge for charge in self.charges(token=token) if charge["outcome"] == "succeeded"]

    def paid_per_token(self) -> Counter[str]:
        """How often each token was charged money: a double is a 2."""
        return Counter(charge["token"] for charge in self.paid())

    def attempts_per_token(self) -> Counter[str]:
        """How often each token was tried, under as many keys."""
        return Counter(charge["token"] for charge in self.charges())

    def charge_of(self, key: str) -> dict[str, Any] | None:
        """What was booked under that key."""
        return next((charge for charge in self.charges() if charge["key"] == key), None)

    def reset(self) -> None:
        """As new: running, empty, without faults, on the machine's time, with nothing of an earlier test under way."""
        self.server.start()
        self.clear_faults()
        if not processes.wait_until(lambda: not self.in_flight(), seconds=2):
            self.server.kill()
            self.server.start()
        self.set_clock(None)
        self.empty_books()


@pytest.fixture(scope="session")
def gateway_server() -> Iterator[GatewayServer]:
    """The process, shared by the tests of this pytest process."""
    with tempfile.TemporaryDirectory(prefix="plusdesk-gateway-") as folder:
        server = GatewayServer(Path(folder))
        server.start()
        yield server
        server.kill()


@pytest.fixture
def gateway(
    gateway_server: GatewayServer, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> Iterator[GatewayForTests]:
    """The gateway "sandbox", as new; processes that the test starts find it by the environment.

    An answer is waited for 5 seconds; `be_patient` changes that.
    """
    gateway_server.start()
    gateway = GatewayForTests(gateway_server)
    gateway.reset()
    address = gateway_server.address
    monkeypatch.setenv("SANDBOX_GATEWAY_URL", address.url)
    monkeypatch.setenv("SANDBOX_GATEWAY_SECRET", address.secret)
    monkeypatch.setenv("SANDBOX_GATEWAY_TIMEOUT", "5")
    sandbox = settings.GATEWAYS["sandbox"]
    options = sandbox["options"] | {"url": address.url, "secret": address.secret, "timeout": 5.0}
    settings.GATEWAYS = settings.GATEWAYS | {"sandbox": sandbox | {"options": options}}
    yield gateway

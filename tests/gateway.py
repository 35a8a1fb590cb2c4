"""A sandbox gateway for the tests: one real server per pytest process, started when the first test wants it."""

import os
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from config.embedded import processes
from memberships.gateways import Gateway, get_gateway
from memberships.gateways.sandbox.address import Address, read_address
from memberships.gateways.sandbox.calls import CallError
from memberships.gateways.sandbox.control import SandboxControl

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
    """What a test does with the gateway: order faults, count what it booked, stop and kill it."""

    def __init__(self, server: GatewayServer) -> None:
        self.server = server
        super().__init__(server.address.url, server.address.secret)

    @property
    def adapter(self) -> Gateway:
        """As the product gets it."""
        return get_gateway("sandbox")

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

    def reset(self, *, at: datetime | None = None) -> None:
        """As new: running, empty, without faults, on the machine's time or at that instant."""
        self.server.start()
        self.clear_faults()
        self.set_clock(at)
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
    """The gateway "sandbox", as new; processes that the test starts find it by the environment."""
    gateway_server.start()
    gateway = GatewayForTests(gateway_server)
    gateway.reset()
    address = gateway_server.address
    monkeypatch.setenv("SANDBOX_GATEWAY_URL", address.url)
    monkeypatch.setenv("SANDBOX_GATEWAY_SECRET", address.secret)
    sandbox = settings.GATEWAYS["sandbox"]
    options = sandbox["options"] | {"url": address.url, "secret": address.secret}
    settings.GATEWAYS = settings.GATEWAYS | {"sandbox": sandbox | {"options": options}}
    yield gateway

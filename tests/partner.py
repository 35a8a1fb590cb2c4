"""Sandbox partners for the tests: one real server per pytest process, started when the first test wants it.

`partners` has them as new. `Listener` hears their events where no desk is there to hear them.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from config.embedded import processes
from memberships.gateways.sandbox import webhooks
from memberships.gateways.sandbox.calls import CallError
from partners.sandbox.address import Address, read_address
from partners.sandbox.client import Answer, PartnerClient
from partners.sandbox.control import PartnerControl, PartnersControl

PROJECT = Path(__file__).resolve().parent.parent


class PartnerServer:
    """The server's process over one folder of books; started again it is at the same address."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.address_file = folder / "partners.json"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> Address:
        address = read_address(self.address_file)
        assert address is not None, "the partners have never listened"
        return address

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self, **environment: str) -> None:
        """Start it unless it runs; it listens when this returns."""
        if self.is_running:
            return
        known = read_address(self.address_file)
        self._process = subprocess.Popen(
            [
                sys.executable, "-m", "partners.sandbox", "--port", str(known.port if known else 0),
                "--data", str(self.folder / "partners.sqlite3"), "--address", str(self.address_file),
            ],
            cwd=PROJECT,
            env={name: value for name, value in os.environ.items() if not name.startswith("SANDBOX_")} | environment,
            start_new_session=True,
        )
        assert processes.wait_until(self._answers, seconds=30), "the sandbox partners do not start"

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
        assert self.is_running, "the sandbox partners have ended at their start"
        try:
            PartnersControl(self.address.url, self.address.secret).load()
        except (CallError, AssertionError):
            return False
        return True


class PartnerForTests(PartnerControl):
    """One partner: called as by us, ordered about, and its books."""

    control: "PartnersForTests"

    @property
    def client(self) -> PartnerClient:
        return PartnerClient(self.control.url, self.code, self.control.server.address.partners[self.code])

    def order(self, id: str, order: str = "F1", command: str = "provision", **fields: Any) -> Answer:
        """Send a command about an order of a member for the year 2027."""
        data = {
            "order": order, "command": command, "sku": "vip-year", "member": "M100", "starts_on": "2027-01-01",
            "ends_on": "2027-12-31",
        }  # fmt: skip
        return self.client.post("/orders", data | fields, id=id)

    def state_of(self, order: str) -> str:
        """Its state at the partner; empty where it has none."""
        return str(self.client.get(f"/fulfilments/{order}").data.get("state", ""))

    def states(self) -> dict[str, str]:
        return {fulfilment["order"]: fulfilment["state"] for fulfilment in self.fulfilments()}


class PartnersForTests(PartnersControl):
    """The partners of one server, and the server itself, to be stopped and killed."""

    def __init__(self, server: PartnerServer) -> None:
        self.server = server
        super().__init__(server.address.url, server.address.secret)

    def partner(self, code: str) -> PartnerForTests:
        return PartnerForTests(self, code)

    def wait_until_sent(self, *, seconds: float = 30) -> None:
        """Until nothing is confirmed by itself any more, and no event waits."""

        def is_quiet() -> bool:
            load = self.load()
            return not load["to_confirm"] and not load["to_send"]

        assert processes.wait_until(is_quiet, seconds=seconds), "events still wait"

    def reset(self) -> None:
        """As new: running, empty, without faults, on the machine's time, with nothing of an earlier test under way."""
        self.server.start()
        self.send_events_to("")
        for partner in self.partners():
            self.partner(partner["code"]).clear_faults()
        if not processes.wait_until(lambda: not self.load()["now"], seconds=2):
            self.server.kill()
            self.server.start()
        self.set_clock(None)
        self.empty_books()


class Listener:
    """Hears events as the desk would, and answers as it is told; keeps every delivery, also those it refuses."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.deliveries: list[dict[str, Any]] = []
        #: What is answered to an event: HTTP status and data.
        self.answer: Callable[[dict[str, Any]], tuple[int, dict[str, Any]]] = lambda event: (200, {})

    def taken(self) -> list[dict[str, Any]]:
        """The deliveries that were taken: partner, id, event, is_signed, timestamp, status."""
        return [delivery for delivery in self.deliveries if delivery["status"] == 200]

    def types(self) -> list[str]:
        return [delivery["event"]["type"] for delivery in self.taken()]


@pytest.fixture(scope="session")
def partner_server() -> Iterator[PartnerServer]:
    """The process, shared by the tests of this pytest process."""
    with tempfile.TemporaryDirectory(prefix="plusdesk-partners-") as folder:
        server = PartnerServer(Path(folder))
        server.start()
        yield server
        server.kill()


@pytest.fixture
def partners(partner_server: PartnerServer) -> PartnersForTests:
    """The sandbox partners, as new."""
    partner_server.start()
    partners = PartnersForTests(partner_server)
    partners.reset()
    return partners


@pytest.fixture
def listener(partners: PartnersForTests) -> Iterator[Listener]:
    """Where the partners' events go; what is not signed by the partner is refused."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            code = self.path.split("/")[2]
            key = webhooks.decode_secret(partners.server.address.partners[code].events_secret)
            is_signed = webhooks.is_signed(key, dict(self.headers.items()), body)
            event = json.loads(body)
            status, data = heard.answer(event) if is_signed else (401, {})
            heard.deliveries.append({
                "partner": code, "id": self.headers[webhooks.ID], "event": event, "is_signed": is_signed,
                "timestamp": int(self.headers[webhooks.TIMESTAMP]), "status": status,
            })  # fmt: skip
            answer = json.dumps(data).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: object) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        heard = Listener(server.server_port)
        threading.Thread(target=server.serve_forever, args=[0.02], daemon=True).start()
        partners.send_events_to(heard.url)
        yield heard
        partners.send_events_to("")
        server.shutdown()

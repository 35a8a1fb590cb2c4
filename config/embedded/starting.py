"""Starting one server: after crashes, on taken ports, and with patience while it recovers."""

import subprocess
import sys
import time
from pathlib import Path
from typing import Protocol

from config.embedded import processes, state
from config.embedded.errors import EmbeddedServersError
from config.embedded.state import Endpoint

ATTEMPTS = 5
PATIENCE = 20.0  # seconds until a slow start is mentioned


class Server(Protocol):
    """What PostgreSQL and Valkey have in common here."""

    @property
    def name(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def log(self) -> Path: ...
    def pid(self) -> int | None: ...
    def is_ready(self, endpoint: Endpoint) -> bool: ...
    def launch(self, endpoint: Endpoint) -> subprocess.Popen[bytes]: ...
    def clear_leftovers(self) -> None: ...
    def stop(self) -> None: ...


def start(server: Server, folder: Path) -> None:
    """See that `server` runs and answers; returns at once when it does already.

    The caller holds the folder's start lock. A server that ends during its start is tried again:
    what an earlier crash left may take a moment to go.
    """
    if server.is_ready(_endpoint(server, folder)):
        return
    for _ in range(ATTEMPTS):
        if server.pid() is None:
            _launch(server, folder)
        if _is_ready_in_the_end(server, folder):
            return
        time.sleep(0.5)
    raise EmbeddedServersError(
        f"The embedded {server.title} does not start. Its log {server.log} ends:\n{_tail(server.log)}"
    )


def _launch(server: Server, folder: Path) -> None:
    server.clear_leftovers()
    endpoint = _endpoint(server, folder)
    if not processes.is_port_free(endpoint.port):
        state.save(folder, state.load(folder).moved(server.name))
        taken, endpoint = endpoint.port, _endpoint(server, folder)
        print(
            f"Port {taken} is taken; the embedded {server.title} uses port {endpoint.port} instead.",
            file=sys.stderr,
        )
    processes.remember(server.launch(endpoint))


def _is_ready_in_the_end(server: Server, folder: Path) -> bool:
    """Wait while the server lives: recovery after a crash may take minutes."""
    endpoint = _endpoint(server, folder)

    def is_settled() -> bool:
        return server.is_ready(endpoint) or server.pid() is None

    if not processes.wait_until(is_settled, seconds=PATIENCE):
        print(f"The embedded {server.title} is still recovering; see {server.log}.", file=sys.stderr)
        processes.wait_until(is_settled, seconds=1800)
    return server.is_ready(endpoint)


def _endpoint(server: Server, folder: Path) -> Endpoint:
    present = state.load_or_create(folder)
    return {"postgres": present.postgres, "valkey": present.valkey}[server.name]


def _tail(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-15:]) if log.exists() else "(empty)"

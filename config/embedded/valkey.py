"""The embedded Valkey: queue of the workers and cache of the web."""

import os
import signal
import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path

from config.embedded import processes
from config.embedded.accounts import Account
from config.embedded.paths import Programs
from config.embedded.state import Endpoint


@dataclass(frozen=True)
class Valkey:
    """Valkey over the folder `root`/valkey."""

    root: Path
    programs: Programs
    account: Account
    durable: bool = True
    at_our_end: int | None = None
    name = "valkey"
    title = "Valkey"

    @property
    def data(self) -> Path:
        return self.root / "valkey"

    @property
    def log(self) -> Path:
        return self.root / "valkey.log"

    @property
    def _configuration(self) -> Path:
        return self.root / "valkey.conf"

    @staticmethod
    def url(endpoint: Endpoint) -> str:
        return f"redis://:{endpoint.password}@127.0.0.1:{endpoint.port}/0"

    def pid(self) -> int | None:
        """The server process, if it lives."""
        wanted = os.fspath(self._configuration)
        for pid, arguments in processes.command_lines():
            if arguments[0].endswith("valkey-server") and wanted in arguments[1:]:
                return pid
        return None

    def is_ready(self, endpoint: Endpoint) -> bool:
        """Whether it takes our password and has read its data."""
        try:
            with socket.create_connection(("127.0.0.1", endpoint.port), timeout=2) as connection:
                connection.sendall(f"AUTH {endpoint.password}\r\nPING\r\n".encode())
                answer = b""
                while answer.count(b"\n") < 2 and (part := connection.recv(100)):
                    answer += part
        except OSError:
            return False
        return answer == b"+OK\r\n+PONG\r\n"

    def launch(self, endpoint: Endpoint) -> subprocess.Popen[bytes]:
        """Start the server process; its password stands in a file, as arguments are public."""
        self.data.mkdir(mode=0o700, exist_ok=True)
        self.account.own(self.data)
        self._configuration.touch(mode=0o600)
        self._configuration.write_text(self._settings(endpoint))
        self.account.own(self._configuration)
        return processes.spawn(
            [self.programs.valkey_server, self._configuration],
            account=self.account,
            folder=self.data,
            log=self.log,
            at_our_end=self.at_our_end,
        )

    def clear_leftovers(self) -> None:
        """A crash leaves nothing in the way: a half-written command at the log's end is dropped."""

    def stop(self) -> None:
        """End it in good order, and by force after half a minute."""
        for number, seconds in ((signal.SIGTERM, 30), (signal.SIGKILL, 10)):
            pid = self.pid()
            if pid is None:
                return
            processes.send_signal(pid, number)
            processes.wait_until(lambda: self.pid() is None, seconds=seconds)

    def _settings(self, endpoint: Endpoint) -> str:
        lasting = "yes" if self.durable else "no"
        lines = [
            "bind 127.0.0.1",
            f"port {endpoint.port}",
            f"requirepass {endpoint.password}",
            f'dir "{self.data}"',
            "daemonize no",
            "set-proc-title no",  # keep the command line by which it is recognised
            f"appendonly {lasting}",
            "appendfsync everysec",
            "aof-load-truncated yes",
            'save ""',
            "maxmemory-policy noeviction",  # a queue must not lose entries
            "loglevel warning",
        ]
        return "\n".join(lines) + "\n"

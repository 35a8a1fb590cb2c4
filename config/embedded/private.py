"""A pair of servers for one test run or one benchmark, apart from those of the project."""

import contextlib
import shutil
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from config.embedded import processes, state
from config.embedded.accounts import server_account
from config.embedded.errors import EmbeddedServersError
from config.embedded.paths import make_data_dir, programs, reachable
from config.embedded.postgres import Postgres
from config.embedded.starting import start
from config.embedded.valkey import Valkey


@dataclass(frozen=True)
class PrivateServers:
    """The running pair; its servers end with the process that started them."""

    folder: Path
    postgres: Postgres
    valkey: Valkey

    @property
    def database_url(self) -> str:
        return Postgres.url(state.load(self.folder).postgres)

    @property
    def redis_url(self) -> str:
        return Valkey.url(state.load(self.folder).valkey)

    @property
    def postgres_pid(self) -> int:
        pid = self.postgres.pid()
        if pid is None:
            raise EmbeddedServersError("The private PostgreSQL does not run.")
        return pid

    def kill_postgres(self) -> None:
        """End PostgreSQL as a crash would: every process at once, nothing written any more."""
        processes.send_signal(self.postgres_pid, signal.SIGKILL)
        self.postgres.kill_children()
        processes.wait_until(lambda: self.postgres.pid() is None, seconds=10)

    def start_postgres(self) -> None:
        """Start it again on the same port, where nothing else took that meanwhile."""
        start(self.postgres, self.folder)

    def stop(self) -> None:
        self.valkey.stop()
        self.postgres.stop()


@contextlib.contextmanager
def private_servers(folder: Path, *, durable: bool = False) -> Iterator[PrivateServers]:
    """Start a fresh pair in `folder` and stop it after the body.

    Without `durable` nothing is written through to the disk: right for tests, wrong for measuring.
    As root the data stands elsewhere where `folder` cannot be entered by the servers' account, and
    is removed from there.
    """
    place = make_data_dir(reachable(folder.absolute()))
    account = server_account(place)
    found = programs(account)
    pair = PrivateServers(
        place,
        Postgres(place, found, account, durable=durable, at_our_end=signal.SIGINT),
        Valkey(place, found, account, durable=durable, at_our_end=signal.SIGTERM),
    )
    try:
        start(pair.postgres, place)
        start(pair.valkey, place)
        yield pair
    finally:
        pair.stop()
        if place != folder.absolute():
            shutil.rmtree(place)

"""Starting the embedded servers for whoever needs them, and stopping them after the last one.

Whoever uses the servers of a data folder holds a shared lock on the file `users` there. The kernel
drops the lock when its holder ends, even by kill -9. The last to leave stops the servers; a small
keeper process waits for the exclusive lock and does so where the last one could not.
"""

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path

import environ

from config.embedded import locks, processes, state
from config.embedded.accounts import server_account
from config.embedded.paths import data_dir, make_data_dir, needed_servers, programs
from config.embedded.postgres import Postgres
from config.embedded.starting import Server, start
from config.embedded.valkey import Valkey


def database_url() -> str:
    """Where the embedded PostgreSQL is, or will be once it is started."""
    return Postgres.url(state.load_or_create(data_dir()).postgres)


def redis_url() -> str:
    """Where the embedded Valkey is, or will be once it is started."""
    return Valkey.url(state.load_or_create(data_dir()).valkey)


def read_env_file() -> None:
    """Take in the file that ENV_FILE names, as the settings will: it may name servers of its own."""
    if path := os.environ.get("ENV_FILE"):
        environ.Env.read_env(path)


@contextlib.contextmanager
def servers() -> Iterator[None]:
    """See that the servers are up while the body runs, and leave things as they were found.

    Starts none that DATABASE_URL or REDIS_URL replaces. Enter before Django's settings are read:
    a port that is taken at the start makes a server move to another.
    """
    read_env_file()
    if not needed_servers():
        yield
        return
    folder = make_data_dir(data_dir())
    try:
        with locks.held(folder / "users", shared=True):
            start_missing()
            yield
    finally:
        _leave(folder)


def start_missing() -> None:
    """Start what is needed and not running; for those inside `servers()` when one has crashed."""
    folder = data_dir()
    with locks.held(folder / "start", shared=False):
        _ensure_keeper(folder)
        for server in _servers_of(folder):
            if server.name in needed_servers():
                start(server, folder)


def are_running() -> bool:
    """Whether every server that is needed answers."""
    needed = needed_servers()
    if not needed:
        return True
    folder = data_dir()
    present = state.load_or_create(folder)
    return all(
        server.is_ready(getattr(present, server.name)) for server in _servers_of(folder) if server.name in needed
    )


def stop_all(folder: Path) -> None:
    """Stop whatever runs over this data folder; for the holder of the exclusive lock only."""
    for server in reversed(_servers_of(folder)):
        server.stop()


def _servers_of(folder: Path) -> list[Server]:
    account = server_account(folder)
    found = programs(account)
    return [Postgres(folder, found, account), Valkey(folder, found, account)]


def _leave(folder: Path) -> None:
    """Stop the servers unless another still uses them; return when that is done."""
    while True:
        with locks.attempted(folder / "users", shared=False) as alone:
            if alone is not None:
                stop_all(folder)
                break
        with locks.attempted(folder / "users", shared=True) as beside_others:
            if beside_others is not None:
                return
        time.sleep(0.05)  # the keeper is stopping them
    processes.wait_until(lambda: locks.is_free(folder / "keeper"), seconds=5)


def _ensure_keeper(folder: Path) -> None:
    """Start a keeper unless one lives; it inherits the lock by which others know of it."""
    with locks.attempted(folder / "keeper", shared=False) as lock:
        if lock is None:
            return
        processes.spawn_keeper(folder, lock)

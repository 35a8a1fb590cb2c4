"""The production layout on this machine: PgBouncer and nginx as deploy/ has them, on ports of a test's own."""

import os
import re
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import psycopg
import pytest

from config.embedded import processes
from config.embedded.accounts import server_account
from config.embedded.processes import end_with_parent, is_port_free
from tests.conftest import PROJECT

DEPLOY = PROJECT / "deploy"
#: Where Debian has what is root's to start, too.
PATH = f"{os.environ['PATH']}:/usr/sbin:/sbin"


def needs(*programs: str) -> pytest.MarkDecorator:
    """Skips where a program of the operating system is missing; `.ci/run` installs them."""
    missing = [name for name in programs if not is_installed(name)]
    return pytest.mark.skipif(bool(missing), reason=f"not installed here: {', '.join(missing)} (.ci/run does)")


def is_installed(name: str) -> bool:
    return shutil.which(name, path=PATH) is not None


def program(name: str) -> str:
    found = shutil.which(name, path=PATH)
    assert found is not None
    return found


def a_port(first: int) -> int:
    return next(port for port in range(first, first + 500) if is_port_free(port))


def changed(text: str, *changes: tuple[str, str]) -> str:
    """The text with each change made; every one of them has to find its place, or the file is another than we think."""
    for pattern, replacement in changes:
        text, count = re.subn(pattern, lambda _found, new=replacement: new, text, flags=re.MULTILINE)
        assert count, f"there is no {pattern!r} any more"
    return text


@contextmanager
def a_folder() -> Iterator[Path]:
    """One that other accounts may enter: neither PgBouncer nor nginx's processes run as root."""
    with tempfile.TemporaryDirectory(prefix="plusdesk-layout-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder


@contextmanager
def running(
    command: list[str], *, log: Path, as_server: bool = False, only: dict[str, str] | None = None
) -> Iterator["subprocess.Popen[bytes]"]:
    """A process that ends with the body, and with us; `only`: in this environment, and not in ours."""
    account = server_account(log.parent).spawn_options() if as_server else {}
    with log.open("ab") as output:
        process = subprocess.Popen(
            command, cwd=PROJECT, env=os.environ if only is None else only, stdout=output, stderr=output,
            start_new_session=True, preexec_fn=None if as_server else partial(end_with_parent, signal.SIGTERM),
            **account,
        )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


@contextmanager
def pgbouncer(folder: Path, database_url: str, *, pool_size: int) -> Iterator[str]:
    """The address of a pool of transactions, of so few connections, before that database."""
    url = psycopg.conninfo.conninfo_to_dict(database_url)
    port = a_port(26432)
    users = folder / "userlist.txt"
    users.write_text(f'"{url["user"]}" "{url["password"]}"\n')
    settings = folder / "pgbouncer.ini"
    settings.write_text(changed(
        (DEPLOY / "pgbouncer" / "pgbouncer.ini").read_text(encoding="utf-8"),
        (r"^plusdesk = .*$", f"{url['dbname']} = host={url['host']} port={url['port']} dbname={url['dbname']}"),
        (r"^listen_port = .*$", f"listen_port = {port}"),
        (r"^auth_file = .*$", f"auth_file = {users}"),
        (r"^default_pool_size = .*$", f"default_pool_size = {pool_size}"),
        (r"^reserve_pool_size = .*$", "reserve_pool_size = 0"),
    ))
    for path in (users, settings):
        server_account(folder).own(path)
    with running([program("pgbouncer"), str(settings)], log=folder / "pgbouncer.log", as_server=True) as process:
        address = f"postgresql://{url['user']}:{url['password']}@127.0.0.1:{port}/{url['dbname']}"
        assert processes.wait_until(lambda: _answers(address) or process.poll() is not None, seconds=15)
        assert process.poll() is None, (folder / "pgbouncer.log").read_text()
        yield address


def _answers(address: str) -> bool:
    try:
        with psycopg.connect(address, connect_timeout=2):
            return True
    except psycopg.OperationalError:
        return False

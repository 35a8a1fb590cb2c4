"""Finding, starting and ending processes.

Processes are recognised by their command line, which everybody may read: what /proc tells besides
(folder, program) is hidden from root in most containers once the process runs as another user.
"""

import ctypes
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import BinaryIO

from config.embedded.accounts import Account, give_to_folder_owner

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)
_children: list[subprocess.Popen[bytes]] = []


def spawn(
    command: Sequence[str | Path], *, account: Account, folder: Path, log: Path, at_our_end: int | None
) -> subprocess.Popen[bytes]:
    """Start a server in a session of its own, where the terminal's Ctrl-C does not reach it.

    `at_our_end` is the signal it gets when we end; None lets it outlive us.
    """
    with _opened_log(log) as output:
        return subprocess.Popen(  # nosec B603
            [os.fspath(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=folder,
            env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"},
            umask=0o077,
            start_new_session=True,
            preexec_fn=None if at_our_end is None else partial(end_with_parent, at_our_end),
            **account.spawn_options(),
        )


def spawn_keeper(folder: Path, lock: int) -> None:
    """Start the process that stops the servers of `folder` when nobody uses them any more."""
    with _opened_log(folder / "keeper.log") as output:
        keeper = subprocess.Popen(  # nosec B603
            [sys.executable, "-m", "config.embedded.keeper", str(folder), str(lock)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd=Path(__file__).parents[2],
            pass_fds=[lock],
            start_new_session=True,
        )
    remember(keeper)


def _opened_log(path: Path) -> BinaryIO:
    """A log to append to, which only its owner may read; also one that an earlier version left open to all."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.fchmod(handle, 0o600)
    give_to_folder_owner(path)
    return os.fdopen(handle, "ab")


def remember(process: subprocess.Popen[bytes]) -> None:
    """Keep a child that may outlive us: Python would otherwise complain that nobody waits for it."""
    _children.append(process)


def end_with_parent(number: int) -> None:
    """Ask the kernel to send this process a signal when its parent ends, however that comes about."""
    _libc.prctl(_PR_SET_PDEATHSIG, number)


def command_lines() -> Iterator[tuple[int, list[str]]]:
    """Every process's id and arguments; zombies have none and are left out."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            arguments = command_line(int(entry.name))
            if arguments:
                yield int(entry.name), arguments


def command_line(pid: int) -> list[str]:
    """The arguments of a process; empty when it has ended, whether or not it was waited for."""
    try:
        text = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace")
    except OSError:
        return []
    return text.rstrip("\0").split("\0") if text else []


def send_signal(pid: int, number: int) -> None:
    """Signal a process that may have ended meanwhile."""
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def wait_until(condition: Callable[[], bool], *, seconds: float, step: float = 0.05) -> bool:
    """Whether `condition` came true in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(step)
    return True


def is_port_free(port: int) -> bool:
    """Whether a server could listen on this port of the loopback now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True

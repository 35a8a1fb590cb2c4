"""File locks that the kernel drops when their holder ends, however it ends."""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from config.embedded.accounts import give_to_folder_owner


@contextlib.contextmanager
def held(path: Path, *, shared: bool) -> Iterator[None]:
    """Hold the lock on `path` during the body, after waiting for it as long as it takes."""
    with _opened(path) as handle:
        fcntl.flock(handle, fcntl.LOCK_SH if shared else fcntl.LOCK_EX)
        yield


@contextlib.contextmanager
def attempted(path: Path, *, shared: bool) -> Iterator[int | None]:
    """Hold the lock on `path` during the body if it is free: its descriptor, or None.

    A child that inherits the descriptor keeps the lock after the body.
    """
    with _opened(path) as handle:
        try:
            fcntl.flock(handle, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except BlockingIOError:
            yield None
        else:
            yield handle


def is_free(path: Path) -> bool:
    """Whether nobody holds the lock on `path` now."""
    with attempted(path, shared=False) as handle:
        return handle is not None


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[int]:
    is_new = not path.exists()
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        if is_new:
            give_to_folder_owner(path)
        yield handle
    finally:
        os.close(handle)

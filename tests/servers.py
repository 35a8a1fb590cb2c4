"""A pytest plugin: the whole run has a PostgreSQL and a Valkey of its own, whatever else is running.

Loaded by `-p tests.servers` before Django's settings are read, since those say where the servers are.
"""

import atexit
import os
import signal
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from config.embedded import private_servers
from config.embedded.processes import end_with_parent


def _start() -> None:
    """Start the pair in the first process; workers of pytest-xdist inherit it and take a Valkey database each."""
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    if worker:
        server, _slash, _number = os.environ["REDIS_URL"].rpartition("/")
        os.environ["REDIS_URL"] = f"{server}/{int(worker.removeprefix('gw')) + 1}"
        return
    stack = ExitStack()
    folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="plusdesk-tests-"))
    pair = stack.enter_context(private_servers(Path(folder)))
    Path(folder, "data", "static").mkdir(parents=True)  # WhiteNoise complains where it is missing
    os.environ.update(DATABASE_URL=pair.database_url, REDIS_URL=pair.redis_url, PLUSDESK_DATA=f"{folder}/data")
    atexit.register(stack.close)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # `timeout` ends it as Ctrl-C does: nothing stays


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes() -> None:
    """The database is migrated while the workers collect their tests."""
    subprocess.Popen(
        [sys.executable, "-c", "from tests import databases; databases.make_migrated()"],
        cwd=Path(__file__).resolve().parent.parent, preexec_fn=partial(end_with_parent, signal.SIGTERM),
    )


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Tests that share something costly go to one worker: the browser's their house, those of a class its data.

    The group that pytest-xdist 3.8 writes into the name of a test is not seen by pytest 9.2.
    """
    from xdist.scheduler import LoadScopeScheduling

    class Sharing(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            if nodeid.startswith("tests/browser/"):
                return "tests/browser/"
            path, *inside = nodeid.split("::")
            return f"{path}::{inside[0]}" if len(inside) > 1 else nodeid

    return Sharing(config, log) if config.getvalue("dist") == "loadgroup" else None


_start()

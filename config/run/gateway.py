"""The sandbox gateway of `make run`: on a port of its own that stays, with its books in the data folder."""

import os
import time
from pathlib import Path

from config.embedded.processes import is_port_free
from config.embedded.state import free_port
from config.flags import flag
from config.run import web
from config.run.children import Child, GaveUpError
from memberships.gateways.sandbox.address import read_address

ANSWERS_WITHIN = 30.0


def is_wanted() -> bool:
    """Not in production, nor where another one is named."""
    return not flag("PLUSDESK_PRODUCTION") and not os.environ.get("SANDBOX_GATEWAY_URL")


def choose_port(folder: Path) -> int:
    """The port it had before, so that its address stays; another where that is taken."""
    known = read_address(_address_file(folder))
    return known.port if known and is_port_free(known.port) else free_port()


def make_child(folder: Path, port: int) -> Child:
    """The process, not started yet. Its address then stands in the data folder, where every command finds it."""
    options = ["--port", str(port), "--data", str(folder / "gateway.sqlite3"), "--address", str(_address_file(folder))]
    return Child("gateway", ["-m", "memberships.gateways.sandbox", *options])


def wait_until_it_answers(child: Child, port: int) -> None:
    deadline = time.monotonic() + ANSWERS_WITHIN
    while not web.health(port, "/health")[0]:
        if time.monotonic() > deadline:
            raise GaveUpError(f"the sandbox gateway did not answer in {ANSWERS_WITHIN:g} s.")
        time.sleep(0.05)
        child.watch()


def _address_file(folder: Path) -> Path:
    return folder / "gateway.json"

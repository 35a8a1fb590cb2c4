"""The sandbox partners of `make run`: on a port of their own that stays, with their books in the data folder."""

import os
import time
from pathlib import Path

from config.embedded.processes import is_port_free
from config.embedded.state import free_port
from config.flags import flag
from config.run import web
from config.run.children import Child, GaveUpError
from memberships.gateways.sandbox.calls import CallError
from partners.sandbox.address import read_address
from partners.sandbox.control import PartnersControl

ANSWERS_WITHIN = 30.0
#: Long enough to see in the desk that an order was accepted and is not active yet.
CONFIRM_AFTER_MS = 3000


def is_wanted() -> bool:
    """Not in production, nor where others are named."""
    return not flag("PLUSDESK_PRODUCTION") and not os.environ.get("SANDBOX_PARTNER_URL")


def choose_port(folder: Path) -> int:
    """The port they had before, so that their address stays; another where that is taken."""
    known = read_address(_address_file(folder))
    return known.port if known and is_port_free(known.port) else free_port()


def make_child(folder: Path, port: int) -> Child:
    """The process, not started yet. Its address then stands in the data folder, where every command finds it."""
    options = ["--port", str(port), "--data", str(folder / "partners.sqlite3"), "--address", str(_address_file(folder))]
    return Child("partner", ["-m", "partners.sandbox", *options, "--confirm-after-ms", str(CONFIRM_AFTER_MS)])


def wait_until_it_answers(child: Child, port: int) -> None:
    deadline = time.monotonic() + ANSWERS_WITHIN
    while not web.health(port, "/health")[0]:
        if time.monotonic() > deadline:
            raise GaveUpError(f"the sandbox partners did not answer in {ANSWERS_WITHIN:g} s.")
        time.sleep(0.05)
        child.watch()


def send_events_to(folder: Path, url: str) -> None:
    """Where Plusdesk hears what partners tell; kept in their books, also when their process is started again."""
    address = read_address(_address_file(folder))
    if address is None:
        raise GaveUpError("the sandbox partners have left no address.")
    try:
        PartnersControl(address.url, address.secret).send_events_to(url)
    except CallError as error:
        raise GaveUpError(f"the sandbox partners take no orders: {error}") from error


def _address_file(folder: Path) -> Path:
    return folder / "partners.json"

"""A sandbox gateway for a benchmark: a process of its own, where the product looks for it."""

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

from benchmarks.house import PROJECT, wait_for
from memberships.gateways.sandbox.address import read_address
from memberships.gateways.sandbox.calls import CallError
from memberships.gateways.sandbox.control import SandboxControl


@contextlib.contextmanager
def sandbox_gateway(folder: Path) -> Iterator[SandboxControl]:
    """Start it with books in `folder`, and stop it after the body."""
    address_file: Path = settings.GATEWAYS["sandbox"]["options"]["address_file"]
    address_file.parent.mkdir(parents=True, exist_ok=True)
    options = ["--data", str(folder / "gateway.sqlite3"), "--address", str(address_file)]
    process = subprocess.Popen([sys.executable, "-m", "memberships.gateways.sandbox", *options], cwd=PROJECT)
    try:
        wait_for(lambda: _answers(address_file), "The start of the sandbox gateway", seconds=60)
        address = read_address(address_file)
        assert address is not None
        yield SandboxControl(address.url, address.secret)
    finally:
        process.terminate()
        process.wait(30)


def _answers(address_file: Path) -> bool:
    address = read_address(address_file)
    if address is None:
        return False
    try:
        SandboxControl(address.url, address.secret).faults()
    except CallError:
        return False
    return True

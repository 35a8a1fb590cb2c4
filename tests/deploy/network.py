"""Network hosts on this machine: namespaces of the kernel, each with its own interfaces, joined by cables (veth).

The servers stand in one without any way out: nothing but the hosts of the test reaches them. The test itself enters it
with `inside`, for what it connects and starts there; what it had open before stays as it was.
"""

import ctypes
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.deploy.layout import is_installed, program

CLONE_NEWNET = 0x40000000
_libc = ctypes.CDLL(None, use_errno=True)


def ip(*words: str) -> None:
    subprocess.run([program("ip"), *words], check=True, capture_output=True)


def why_not() -> str:
    """Why no network hosts can be made here; empty where they can."""
    if os.geteuid() != 0:
        return "network namespaces take root"
    if not is_installed("ip"):
        return "not installed here: ip (.ci/run does)"
    name = f"plusdesk-probe-{os.getpid()}"
    try:
        ip("netns", "add", name)
        ip("-n", name, "link", "add", "one", "type", "veth", "peer", "name", "other")
    except subprocess.CalledProcessError:
        return "network namespaces are not permitted here"
    finally:
        subprocess.run([program("ip"), "netns", "delete", name], capture_output=True, check=False)
    return ""


needs_network_hosts = pytest.mark.skipif(bool(_why := why_not()), reason=_why)


@dataclass(frozen=True)
class Host:
    """A host; `server` is the address at which it reaches the servers, over a cable of its own."""

    name: str
    hub: str
    cable: str
    server: str

    def pull_the_cable(self) -> None:
        """At the servers' end: nobody is told anything, no packet comes back."""
        ip("-n", self.hub, "link", "set", self.cable, "down")

    def plug_in(self) -> None:
        ip("-n", self.hub, "link", "set", self.cable, "up")


@dataclass(frozen=True)
class Network:
    """The servers' namespace, and the hosts around it."""

    hub: str
    hosts: tuple[Host, Host]

    def command(self, host: Host, *command: str) -> list[str]:
        return ["nsenter", f"--net=/run/netns/{host.name}", *command]


@contextmanager
def two_hosts() -> Iterator[Network]:
    """A namespace for servers, and two hosts, each at the end of its own cable."""
    tag = f"pd{os.getpid()}"
    hub = f"{tag}-hub"
    hosts = tuple(Host(f"{tag}-{end}", hub, f"cable-{end}", f"10.213.{number}.1") for number, end in enumerate("ab"))
    try:
        ip("netns", "add", hub)
        ip("-n", hub, "link", "set", "lo", "up")
        for number, host in enumerate(hosts):
            ip("netns", "add", host.name)
            ip("-n", host.name, "link", "set", "lo", "up")
            ip("-n", hub, "link", "add", host.cable, "type", "veth", "peer", "name", "eth0", "netns", host.name)
            ip("-n", hub, "address", "add", f"{host.server}/24", "dev", host.cable)
            ip("-n", host.name, "address", "add", f"10.213.{number}.2/24", "dev", "eth0")
            ip("-n", hub, "link", "set", host.cable, "up")
            ip("-n", host.name, "link", "set", "eth0", "up")
        yield Network(hub, (hosts[0], hosts[1]))
    finally:
        for name in (hub, *(host.name for host in hosts)):
            subprocess.run([program("ip"), "netns", "delete", name], capture_output=True, check=False)


@contextmanager
def inside(namespace: str) -> Iterator[None]:
    """What this thread connects and starts in the body belongs to that namespace."""
    with Path("/proc/thread-self/ns/net").open() as ours:
        with Path("/run/netns", namespace).open() as theirs:
            _enter(theirs.fileno())
        try:
            yield
        finally:
            _enter(ours.fileno())


def _enter(handle: int) -> None:
    if _libc.setns(handle, CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "setns")

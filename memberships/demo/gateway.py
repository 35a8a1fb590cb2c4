"""The sandbox gateway that the demo's money goes through."""

from django.conf import settings

from memberships.demo.methods import GATEWAY
from memberships.gateways.sandbox.address import read_address
from memberships.gateways.sandbox.calls import CallError
from memberships.gateways.sandbox.control import SandboxControl


def open_gateway() -> SandboxControl | None:
    """The gateway of the settings; None when it does not answer, or keeps books of another database's payments."""
    options = settings.GATEWAYS.get(GATEWAY, {}).get("options")
    if options is None:
        return None
    url, secret = options["url"], options["secret"]
    address = None if url else read_address(options["address_file"])
    if address is not None:
        url, secret = address.url, address.secret
    if not url:
        return None
    control = SandboxControl(url, secret)
    try:
        return None if control.charges() else control
    except CallError:
        return None

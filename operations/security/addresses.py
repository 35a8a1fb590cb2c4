"""Where a request comes from."""

from ipaddress import ip_address

from django.conf import settings
from django.http import HttpRequest


def client_address(request: HttpRequest | None) -> str | None:
    """The network address of the client; None where there is none, as on a socket.

    Behind a proxy (BEHIND_PROXY) it is the one that our own proxy heard, the last of X-Forwarded-For: those before it
    are what the client says. Anywhere else the header is anybody's word and not read.
    """
    if request is None:
        return None
    text = request.META.get("REMOTE_ADDR", "")
    if settings.BEHIND_PROXY:
        text = request.META.get("HTTP_X_FORWARDED_FOR", text).rpartition(",")[2]
    try:
        return str(ip_address(text.strip()))
    except ValueError:
        return None

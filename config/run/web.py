"""The web server's port, and asking it whether Plusdesk is healthy."""

import http.client
import sys

from config.embedded.processes import is_port_free

HEALTH = "/health/"


def choose_port(wanted: str) -> int:
    """The wanted port, or the next free one, said plainly."""
    if not wanted.isdigit() or not 0 < int(wanted) < 65536:
        raise SystemExit(f"PORT={wanted} is not a port: give a number from 1 to 65535.")
    first = int(wanted)
    for port in range(first, min(first + 1000, 65536)):
        if is_port_free(port):
            if port != first:
                print(f"Port {first} is taken; Plusdesk uses port {port} instead.", file=sys.stderr)
            return port
    raise SystemExit(f"No free port was found from {first} on: set PORT to another one.")


def health(port: int, path: str = HEALTH) -> tuple[bool, str]:
    """Whether the health page says that all is well, and what it said; no proxy is asked."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=15)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status == 200, response.read(2000).decode(errors="replace")
    except (OSError, http.client.HTTPException) as error:
        return False, str(error)
    finally:
        connection.close()

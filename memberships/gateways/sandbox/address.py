"""Where a sandbox gateway is, and the secrets it shares: a small file beside its books, for its owner only.

The server writes it when it listens; whoever wants to call reads it then, so that a command in another shell finds
the gateway of a running `make run`.
"""

import base64
import dataclasses
import json
import os
import secrets
import tempfile
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Address:
    """`secret` signs calls and answers, `events_secret` (after Standard Webhooks) the messages to its listener."""

    url: str
    secret: str
    events_secret: str

    @property
    def events_url(self) -> str:
        return f"{self.url}/events"

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])


def fresh_secrets() -> tuple[str, str]:
    """A secret of each kind."""
    return secrets.token_hex(24), f"whsec_{base64.b64encode(secrets.token_bytes(24)).decode()}"


def read_address(file: Path) -> Address | None:
    """None when no gateway has ever listened there, or what it wrote cannot be read."""
    try:
        return Address(**json.loads(file.read_text()))
    except (OSError, ValueError, TypeError):
        return None


def write_address(file: Path, address: Address) -> None:
    """In one step: a reader sees the old or the new one."""
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=file.name)
    with os.fdopen(handle, "w") as temporary:
        json.dump(dataclasses.asdict(address), temporary)
    Path(name).replace(file)

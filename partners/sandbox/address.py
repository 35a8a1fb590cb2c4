"""Where the sandbox partners are, and the secrets they share: a small file beside their books, for its owner only.

    {"url": "http://127.0.0.1:PORT", "secret": "...", "partners": {"iqiyi": {"orders_secret", "events_secret"}, ...}}

The server writes it when it listens, and when a partner or its keys are new; whoever wants to call reads it then, so
that a command in another shell finds the partners of a running `make run`.
"""

import base64
import dataclasses
import json
import os
import secrets
import tempfile
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class PartnerSecrets:
    """`orders_secret` signs what we send to the partner, `events_secret` what it answers and sends; both `whsec_…`."""

    orders_secret: str
    events_secret: str


@dataclass(frozen=True, slots=True)
class Address:
    """`secret` signs the control calls, as those of the sandbox gateway."""

    url: str
    secret: str
    partners: dict[str, PartnerSecrets] = field(default_factory=dict)

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    def url_of(self, partner: str) -> str:
        """The base of a partner's own calls: `<that>/orders`."""
        return f"{self.url}/{partner}"


def fresh_control_secret() -> str:
    return secrets.token_hex(24)


def fresh_secrets() -> PartnerSecrets:
    return PartnerSecrets(_fresh_key(), _fresh_key())


def _fresh_key() -> str:
    return f"whsec_{base64.b64encode(secrets.token_bytes(24)).decode()}"


def read_address(file: Path) -> Address | None:
    """None when no partners have ever listened there, or what they wrote cannot be read."""
    try:
        known = json.loads(file.read_text())
        partners = {code: PartnerSecrets(**keys) for code, keys in known["partners"].items()}
        return Address(**known | {"partners": partners})
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None


def write_address(file: Path, address: Address) -> None:
    """In one step: a reader sees the old or the new one."""
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=file.name)
    with os.fdopen(handle, "w") as temporary:
        json.dump(dataclasses.asdict(address), temporary)
    Path(name).replace(file)

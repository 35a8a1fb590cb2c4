"""What floors hang into the API: routers, and the scopes that tokens are given."""

from dataclasses import dataclass, field
from typing import Any

from ninja import Router


@dataclass
class ApiRouter:
    """A floor's operations below `prefix`, as "/benefits/"; `tags` group them in the document."""

    name: str
    prefix: str
    router: Router
    tags: list[str] = field(default_factory=list)


@dataclass
class ApiScope:
    """What a token may be good for, as "benefits.redeem"; `label` says so to who gives tokens out."""

    name: str
    label: Any

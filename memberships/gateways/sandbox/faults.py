"""Faults to order: what the gateway does wrong, how often, and how slow it is.

    fault           what whoever calls sees                              what the gateway has done
    --------------  ---------------------------------------------------  --------------------------
    timeout_before  the answer never comes                               nothing
    timeout_after   the answer never comes                               what was asked
    error_before    500                                                  nothing
    error_after     500                                                  what was asked
    reset_before    the connection is reset                              nothing
    reset_after     the connection is reset                              what was asked
    unavailable     503                                                  nothing
    forged          an answer whose signature is not the gateway's own   what was asked

Shares (0 to 1) of the faults are ordered apart for `orders` (charges and refunds), `queries` and `events`. A call's
fault follows from the seed, its key and how often the key was sent, so that a repeated story repeats its faults.
When the gateway is down every call but those of the control is reset.
"""

import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, ClassVar, Self, get_args
from typing import Literal as OneOf

Fault = OneOf[
    "timeout_before", "timeout_after", "error_before", "error_after", "reset_before", "reset_after", "unavailable",
    "forged",
]
FAULTS: tuple[str, ...] = get_args(Fault)


@dataclass(frozen=True)
class Faults:
    """What is ordered; nothing at first. An answer comes `latency_ms` after the call; half-way it is done."""

    #: What can be ordered of each group of calls.
    KINDS: ClassVar[Mapping[str, tuple[str, ...]]] = dict.fromkeys(("orders", "queries", "events"), FAULTS)

    latency_ms: float = 0
    seed: int = 0
    is_down: bool = False
    orders: Mapping[str, float] = field(default_factory=dict)
    queries: Mapping[str, float] = field(default_factory=dict)
    events: Mapping[str, float] = field(default_factory=dict)

    @classmethod
    def read(cls, data: dict[str, Any]) -> Self:
        """From what a control call sent; ValueError says what is wrong with it."""
        if unknown := set(data) - {known.name for known in fields(cls)}:
            raise ValueError(f"nothing can be ordered of: {', '.join(sorted(unknown))}")
        faults = cls(**data)
        if not (_is_number(faults.latency_ms) and 0 <= faults.latency_ms <= 600_000):
            raise ValueError("latency_ms is from 0 to 600000")
        if not isinstance(faults.seed, int) or not isinstance(faults.is_down, bool):
            raise ValueError("seed is a whole number, is_down true or false")
        for group, kinds in cls.KINDS.items():
            _check_shares(getattr(faults, group), kinds)
        return faults

    def as_data(self) -> dict[str, Any]:
        return asdict(self)


def _check_shares(shares: Any, kinds: tuple[str, ...]) -> None:
    if not isinstance(shares, dict):
        raise ValueError("shares are an object: fault and share")
    if unknown := set(shares) - set(kinds):
        raise ValueError(f"there is no fault {', '.join(sorted(unknown))}; there are: {', '.join(kinds)}")
    if not all(_is_number(share) and 0 <= share <= 1 for share in shares.values()) or sum(shares.values()) > 1.000001:
        raise ValueError("shares are from 0 to 1, together at most 1")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


class FaultChooser:
    """Which fault each call gets under the faults ordered."""

    def __init__(self, faults: Faults) -> None:
        self.faults = faults
        self._times: Counter[str] = Counter()

    def choose(self, group: str, key: str) -> str | None:
        """The fault of one more call of a group ("orders", "queries", "events") under this key."""
        shares: Mapping[str, float] = getattr(self.faults, group)
        if not shares:
            return None
        name = f"{group}:{key}"
        self._times[name] += 1
        draw = _uniform(f"{self.faults.seed}:{name}:{self._times[name]}")
        for fault, share in shares.items():
            draw -= share
            if draw < 0:
                return fault
        return None


def _uniform(text: str) -> float:
    """From 0 to below 1, the same for the same text."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:6], "big") / 2**48

"""Faults to order, per partner: what it does wrong, how often, and how slow it is.

For `orders` (calls that change something) and `queries`, shares (0 to 1) of the faults of the sandbox gateway
(memberships/gateways/sandbox/faults.py: timeouts, 500, resets, 503, forged answers, before or after the effect) and of

    rate_limited   429 with Retry-After of `retry_after_s`; nothing was done
    slow           the answer comes `slow_ms` after it was done

Every call takes `latency_ms`; half-way it is done.

For `events`, shares of deliveries that are wrong, each sent again as it should be, since they are refused:

    forged         the signature is not the partner's
    stale          the signature is the partner's, of an hour ago

`copies` of each event are sent (1 to 5), `delay_ms` after they came to be, each by a time of its own up to `shuffle_ms`
later: in another order. A delivery that fails is repeated after `retry_ms`, doubled each time up to 30 seconds.
A partner that `is_down` resets every call and sends no event, for `down_ms` or (0) until it is told otherwise.

A call's fault follows from the seed, its id (its path, where it asks) and how often it was sent; that of a delivery
from the seed, its type and subject, and how often it was tried: a repeated story repeats its faults.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from memberships.gateways.sandbox.faults import FAULTS as GATEWAY_FAULTS
from memberships.gateways.sandbox.faults import FaultChooser, Faults

FAULTS = (*GATEWAY_FAULTS, "rate_limited", "slow")
EVENT_FAULTS = ("forged", "stale")
MOST_COPIES = 5
LONGEST_MS = 600_000
LONGEST_RETRY_MS = 30_000


@dataclass(frozen=True)
class PartnerFaults(Faults):
    """What is ordered of one partner; nothing at first."""

    KINDS: ClassVar[Mapping[str, tuple[str, ...]]] = {"orders": FAULTS, "queries": FAULTS, "events": EVENT_FAULTS}

    down_ms: int = 0
    retry_after_s: int = 1
    slow_ms: int = 2000
    copies: int = 1
    delay_ms: int = 0
    shuffle_ms: int = 0
    retry_ms: int = 500

    @classmethod
    def read(cls, data: dict[str, Any]) -> Self:
        faults = super().read(data)
        for name in ("down_ms", "retry_after_s", "slow_ms", "delay_ms", "shuffle_ms", "retry_ms"):
            _check_whole(name, getattr(faults, name), 0, LONGEST_MS)
        _check_whole("copies", faults.copies, 1, MOST_COPIES)
        return faults

    def retry_seconds(self, attempts: int) -> float:
        """The pause after so many attempts."""
        return float(min(self.retry_ms * 2 ** min(attempts - 1, 20), LONGEST_RETRY_MS)) / 1000


class PartnerChooser(FaultChooser):
    """Which fault each call gets, and whether the partner is down now."""

    faults: PartnerFaults

    def __init__(self, faults: PartnerFaults) -> None:
        super().__init__(faults)
        self._ordered_at = time.monotonic()

    @property
    def is_down(self) -> bool:
        lasts = self.faults.down_ms / 1000
        return self.faults.is_down and (not lasts or time.monotonic() < self._ordered_at + lasts)


def _check_whole(name: str, value: Any, least: int, most: int) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise ValueError(f"{name} is a whole number from {least} to {most}")

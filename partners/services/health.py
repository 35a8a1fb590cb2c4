"""How partners do: calls and answers of late, the breaker, what waits and since when, codes left, calls refused.

Of any number of partners by five statements, each bounded: no figure costs more because a table has grown.
"""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from partners.models import Breaker, Partner, RefusedCalls
from partners.services.events import NOBODY
from partners.services.statements import rows

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
#: So many of the last day's commands of a partner are looked at, the newest.
MOST_CALLS = 10_000
#: Counted up to here; more is "10,000+".
MOST = 10_000
#: Refused calls of so many days are shown, today included.
REFUSED_DAYS = 7
#: What is worth a look: a share of failures, and how long something may wait.
LEAST_SUCCESS, LONGEST_WAIT = 0.95, timedelta(hours=1)


@dataclass(frozen=True)
class Calls:
    """Commands answered for good in a span of time: how many, how many failed, and latencies in milliseconds."""

    count: int = 0
    failed: int = 0
    median_ms: int | None = None
    p95_ms: int | None = None

    @property
    def success(self) -> float | None:
        """The share that was done; None where there was nothing."""
        return (self.count - self.failed) / self.count if self.count else None


@dataclass(frozen=True)
class Stock:
    """Codes left of an offer, up to MOST (or twice the warning)."""

    offer: int
    sku: str
    low_at: int
    left: int

    @property
    def is_low(self) -> bool:
        return self.left <= self.low_at


@dataclass
class Health:
    """Of one partner. Counts stop at MOST + 1."""

    partner: Partner
    at: datetime
    hour: Calls = Calls()
    day: Calls = Calls()
    breaker: Breaker | None = None
    #: Fulfilments that are not what is wanted, and status matches that the partner has not answered.
    behind: int = 0
    open_matches: int = 0
    #: Since when the oldest of both waits.
    oldest_at: datetime | None = None
    dead_fulfilments: int = 0
    dead_events: int = 0
    dead_matches: int = 0
    last_event_at: datetime | None = None
    stocks: list[Stock] = field(default_factory=list)
    #: By reason, of the last REFUSED_DAYS days.
    refused: dict[str, int] = field(default_factory=dict)

    @property
    def dead(self) -> int:
        return self.dead_fulfilments + self.dead_events + self.dead_matches

    @property
    def refused_count(self) -> int:
        return sum(self.refused.values())

    @property
    def breaker_state(self) -> Breaker.State:
        return Breaker.State(self.breaker.state) if self.breaker else Breaker.State.CLOSED

    @property
    def waits_long(self) -> bool:
        return self.oldest_at is not None and self.at - self.oldest_at > LONGEST_WAIT

    @property
    def fails_often(self) -> bool:
        return self.hour.success is not None and self.hour.success < LEAST_SUCCESS

    @property
    def low_stocks(self) -> list[Stock]:
        return [stock for stock in self.stocks if stock.is_low]

    @property
    def needs_a_look(self) -> bool:
        """Whether anything of it is not as it should be."""
        return bool(
            self.breaker_state != Breaker.State.CLOSED or self.waits_long or self.fails_often or self.low_stocks
            or self.dead
        )


def health_of(partners: Collection[Partner], *, on: date, at: datetime) -> list[Health]:
    """Of each partner, in the order given."""
    found = {partner.pk: Health(partner, at) for partner in partners}
    keys = list(found)
    for key, *figures in rows("health/calls", partners=keys, hour=at - HOUR, day=at - DAY, at=at, most=MOST_CALLS):
        found[key].hour, found[key].day = Calls(*figures[:4]), Calls(*figures[4:])
    for key, behind, matches, oldest, *dead, last in rows("health/waiting", partners=keys, most=MOST + 1):
        health = found[key]
        health.behind, health.open_matches, health.oldest_at, health.last_event_at = behind, matches, oldest, last
        health.dead_fulfilments, health.dead_events, health.dead_matches = dead
    for key, *figures in rows("health/stock", partners=keys, on=on, most=MOST + 1):
        found[key].stocks.append(Stock(*figures))
    for breaker in Breaker.objects.filter(partner__in=keys):
        found[breaker.partner_id].breaker = breaker
    refused = refused_calls([partner.code for partner in partners], on=on)
    for health in found.values():
        health.refused = refused[health.partner.code]
    return list(found.values())


def refused_calls(codes: Collection[str], *, on: date) -> dict[str, dict[str, int]]:
    """By partner's code (NOBODY: of no partner of ours) and reason, of the last REFUSED_DAYS days."""
    counts: dict[str, dict[str, int]] = defaultdict(dict)
    days = RefusedCalls.objects.filter(
        code__in=[*codes, NOBODY], day__gt=on - timedelta(days=REFUSED_DAYS), day__lte=on
    )
    for row in days.order_by("reason"):
        counts[row.code][row.reason] = counts[row.code].get(row.reason, 0) + row.count
    return counts

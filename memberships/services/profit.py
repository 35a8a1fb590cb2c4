"""Does it pay: a programme's profit and loss by month and funder, kept by a nightly job, read by pages.

What a line comes to follows from the facts alone (profit.py): the rows are a cache. The open month is reckoned anew
every night, and so is every month from the first on about which something was recorded since.
"""

import json
from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from typing import NamedTuple

from django.db import transaction

from memberships.models import ProfitKept, ProfitSum, Programme
from memberships.profit import ProfitSource
from memberships.services import statements
from memberships.services.ranges import EVERYTHING, KeyRange, SizedRange, member_ranges
from operations import registry
from operations.models import JobRun

#: Before it nothing was recorded.
BEGINNING = date(1990, 1, 1)
#: What was recorded so long before rows were reckoned may have been committed after.
LATE = timedelta(days=1)
DAY = timedelta(days=1)


class Wanted(NamedTuple):
    """A programme's source, and the month from which on it is reckoned."""

    programme_id: int
    source: str
    first_day: date

    @property
    def subject(self) -> str:
        """As it stands on a chunk."""
        return f"{self.programme_id} {self.source} {self.first_day:%Y-%m}"


def wanted_of(subject: str) -> Wanted:
    """What a chunk is about."""
    programme, source, month = subject.split(" ")
    return Wanted(int(programme), source, date.fromisoformat(f"{month}-01"))


def month_of(day: date) -> date:
    """The first day of its month."""
    return day.replace(day=1)


def to_roll_up(*, until: date) -> Iterator[Wanted]:
    """What has to be reckoned so that all rows are right up to a day."""
    kept = {(found.programme_id, found.source): found for found in ProfitKept.objects.all()}
    for programme_id in Programme.objects.order_by("pk").values_list("pk", flat=True):
        for source in registry.profit_sources:
            first_day = _first_day(source, programme_id, kept.get((programme_id, source.name)), until)
            yield Wanted(programme_id, source.name, first_day)


def _first_day(source: ProfitSource, programme_id: int, kept: ProfitKept | None, until: date) -> date:
    """The month from which on a source is reckoned anew: that of the first day that is new or was changed."""
    if kept is None:
        return BEGINNING
    first = min(kept.until + DAY, until) - source.settles_after
    changed = source.changed_on(programme_id, since=kept.as_of - LATE, before=first)
    return month_of(min(first, changed) if changed else first)


def ranges_of(wanted: Wanted, *, size: int) -> Iterable[SizedRange]:
    """The chunks of a source: ranges of members; one, where its facts are nobody's."""
    if registry.profit_sources.get(wanted.source).is_by_member:
        return member_ranges(size=size)
    return [SizedRange(EVERYTHING.first, EVERYTHING.last, 1)]


def add_range(run: JobRun, wanted: Wanted, keys: KeyRange, *, until: date) -> None:
    """Add what members of a range come to, up to a day, to the sums of a run. In the transaction of its chunk."""
    source = registry.profit_sources.get(wanted.source)
    amounts = source.amounts(wanted.programme_id, keys, first_day=wanted.first_day, last_day=until)
    statements.run(
        "profit/add", run=run.pk, programme=wanted.programme_id, source=wanted.source,
        amounts=json.dumps([found._asdict() for found in amounts], default=str),
    )


def keep_rows(run: JobRun, done: Iterable[Wanted], *, until: date) -> None:
    """Make the sums of a run that has succeeded the rows. What a run of a later date kept stays as it is."""
    for wanted in done:
        kept, _is_new = ProfitKept.objects.select_for_update().get_or_create(
            programme_id=wanted.programme_id, source=wanted.source,
            defaults={"until": until, "as_of": run.requested_at},
        )
        if kept.until > until:
            continue
        statements.run(
            "profit/keep", run=run.pk, programme=wanted.programme_id, source=wanted.source,
            first_day=wanted.first_day, as_of=run.requested_at,
        )
        kept.until, kept.as_of = until, run.requested_at
        kept.save(update_fields=["until", "as_of"])
    ProfitSum.objects.filter(run=run).delete()


@transaction.atomic
def roll_up(run: JobRun, *, until: date) -> None:
    """All at once, for a small house: what the job does in chunks."""
    wanted = list(to_roll_up(until=until))
    for each in wanted:
        add_range(run, each, EVERYTHING, until=until)
    keep_rows(run, wanted, until=until)


def as_of(programme: Programme) -> datetime | None:
    """When the oldest of a programme's rows were true; None: none were kept yet."""
    return ProfitKept.objects.filter(programme=programme).order_by("as_of").values_list("as_of", flat=True).first()

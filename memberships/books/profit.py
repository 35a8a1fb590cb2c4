"""Kept profit and loss against the facts: rows of closed months are what the facts still come to."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from django.db.models import Count
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from memberships.models import ProfitKept, ProfitRow
from memberships.profit import ProfitSource
from memberships.services.profit import DAY, LATE, Wanted, month_of, ranges_of
from memberships.services.profit_tables import months_until
from operations import registry
from operations.services.books import BookCheck, Difference, KeyRange, Period

#: So many months up to the open one are compared; an audit that begins earlier (--since) compares all since then.
MONTHS = 13
#: As many ids of members at a time.
MEMBERS = 200_000
FEN = Decimal("0.01")
Key = tuple[date, str, str]


class ProfitRows(BookCheck):
    """Programme by programme. What was recorded since the rows were reckoned is the next night's: it is pending."""

    name = "profit"
    label = _("profit and loss of programmes")
    faults = {"row_of_facts": _("the month is not what the facts come to")}

    def ranges(self, period: Period) -> Iterable[KeyRange]:
        counted = ProfitRow.objects.values_list("programme").annotate(rows=Count("pk")).order_by("programme")
        return [KeyRange(programme, programme, rows) for programme, rows in counted]

    def differences(self, keys: KeyRange, period: Period) -> Iterator[Difference]:
        for kept in ProfitKept.objects.filter(programme=keys.first).order_by("source"):
            source = registry.profit_sources.find(kept.source)
            last = month_of(kept.until) - DAY
            first = min(months_until(last, MONTHS - 1)[0], month_of(period.since))
            if source is not None and first <= last:
                yield from self._of_source(source, kept, first, last)

    def _of_source(self, source: ProfitSource, kept: ProfitKept, first: date, last: date) -> Iterator[Difference]:
        found = {
            (row.month, row.line, row.funder): row.amount
            for row in ProfitRow.objects.filter(
                programme=kept.programme_id, source=source.name, month__range=(first, last)
            )
        }
        facts = _reckon(source, kept.programme_id, first, last)
        wrong = [key for key in sorted({*found, *facts}) if found.get(key, 0) != facts.get(key, 0)]
        changed = source.changed_on(kept.programme_id, since=kept.as_of - LATE, before=last + DAY) if wrong else None
        for month, line, funder in wrong:
            yield Difference(
                self.name, "row_of_facts", f"{kept.programme_id} {month:%Y-%m} {line} {funder}", None,
                f"{facts.get((month, line, funder), Decimal(0)):.2f}", f"{found.get((month, line, funder), 0):.2f}",
                is_pending=changed is not None and month_of(changed) <= month,
            )

    def page_of(self, fault: str, key: str, owner: int | None) -> str:
        """The programme's page, up to that month."""
        programme, month, _line, funder = key.split(" ")
        return f"{reverse('admin:memberships_profitrow_profit', args=[programme])}?until={month}&funder={funder}"


def _reckon(source: ProfitSource, programme_id: int, first: date, last: date) -> dict[Key, Decimal]:
    """What the facts come to, rounded as rows are; members by ranges, each in a statement of its own."""
    sums: dict[Key, Decimal] = defaultdict(Decimal)
    for keys in ranges_of(Wanted(programme_id, source.name, first), size=MEMBERS):
        for each in source.amounts(programme_id, keys.keys, first_day=first, last_day=last):
            sums[each.month, each.line, each.funder] += each.amount
    return {key: amount.quantize(FEN, ROUND_HALF_UP) for key, amount in sums.items()}

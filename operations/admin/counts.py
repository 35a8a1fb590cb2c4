"""How many rows there are, without counting them.

The planner knows about how many rows a query gives. Its figure costs a millisecond whatever the size of the
table, and for a whole table it is pg_class.reltuples carried forward to the table's present size, so one
question serves filtered and unfiltered lists. Small results are counted exactly, up to a bound, where that is cheap.
"""

import json
from typing import Any, NamedTuple

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

#: Up to here results are counted; above, "about 8,000,000" says as much to a person.
EXACT_UP_TO = 10_000
#: And as long as the planner thinks no more of it, in its units: about so many blocks that are read one by one.
EXACT_COST = 2_000


class Count(NamedTuple):
    """A number of rows, and whether it was counted or estimated."""

    number: int
    is_exact: bool

    def __str__(self) -> str:
        # Grouped by thousands in either language, as operators read figures.
        figure = f"{self.number:,}"
        return figure if self.is_exact else _("about %(count)s") % {"count": figure}

    @property
    def records(self) -> str:
        """The number with its noun."""
        return ngettext("%(count)s record", "%(count)s records", self.number) % {"count": self}


def count_rows(queryset: QuerySet[Any]) -> Count:
    """The exact number when it is small, else the planner's estimate, to three digits."""
    rows = queryset.order_by().values("pk")
    estimate, cost = _planned(rows)
    if estimate < EXACT_UP_TO and cost <= EXACT_COST:
        counted = rows[: EXACT_UP_TO + 1].count()
        if counted <= EXACT_UP_TO:
            return Count(counted, is_exact=True)
        estimate = EXACT_UP_TO
    return Count(_rounded(estimate), is_exact=False)


def _planned(queryset: QuerySet[Any]) -> tuple[int, float]:
    """How many rows the planner expects, and what it thinks that they cost."""
    explained = queryset.explain(format="json")
    if not explained:
        # Django knows of itself that nothing is found (`pk__in=[]`), and asks nobody.
        return 0, 0.0
    plan = json.loads(explained)[0]["Plan"]
    return int(plan["Plan Rows"]), float(plan["Total Cost"])


def _rounded(number: int) -> int:
    unit: int = 10 ** max(len(str(number)) - 3, 0)
    return round(number / unit) * unit


class EstimatingPaginator(Paginator):  # type: ignore[type-arg]
    """Django's paginator, for whoever asks an admin for one: its count is `count_rows`."""

    @cached_property
    def count(self) -> int:  # type: ignore[override]
        return count_rows(self.object_list).number  # type: ignore[arg-type]

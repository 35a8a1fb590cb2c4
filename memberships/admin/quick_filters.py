"""Quick filters: a row of links above a list, each with how many there are, and the order that its index serves.

A count reads at most MOST + 1 rows through a small partial index, and is kept for some seconds: what it costs does
not depend on the size of the table, nor on how much waits.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from django.contrib import admin
from django.core.cache import cache
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from memberships.admin.display import today
from operations.admin.base import DeskAdmin
from operations.admin.paging import AFTER, BEFORE

#: Counted exactly up to here; above, "1,000+" says as much to a person. Each row may lie in a block of its own.
MOST = 1_000
#: For how many seconds a count is shown again.
KEPT_SECONDS = 30


@dataclass(frozen=True)
class QuickChoice:
    """A choice: its name in the address, its words, its rows on a day, and the order in which they are listed."""

    name: str
    label: str | Promise
    rows: Callable[[QuerySet[Any], date], QuerySet[Any]]
    order: str = "-pk"
    #: How many there are on a day, where the rows themselves are dear to count.
    counted: Callable[[date], "Counted"] | None = None


class Counted(NamedTuple):
    """How many rows there are; with `is_more`, more than that."""

    number: int
    is_more: bool = False

    def __str__(self) -> str:
        """In digits, grouped by thousands in either language."""
        return f"{self.number:,}+" if self.is_more else f"{self.number:,}"


class QuickLink(NamedTuple):
    """A choice as it is shown: its name and words, how many there are, where it leads, whether it is chosen."""

    name: str
    label: str
    figure: str
    url: str
    is_chosen: bool


class QuickFilter(admin.SimpleListFilter):
    """A list filter that stands above the list. The sheet of filters only keeps what was chosen."""

    title = _("to do")
    parameter_name = "show"
    template = "memberships/quick_filter_kept.html"
    offered: tuple[QuickChoice, ...] = ()

    def __init__(
        self, request: HttpRequest, params: dict[str, Any], model: type[Model], model_admin: DeskAdmin
    ) -> None:
        super().__init__(request, params, model, model_admin)
        self.request, self.model = request, model

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(choice.name, choice.label) for choice in self.offered]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        choice = chosen(request, self.offered)
        return choice.rows(queryset, today()) if choice else queryset

    def links(self) -> Iterator[QuickLink]:
        """Everything, then the choices; the other filters stay as they are."""
        now = chosen(self.request, self.offered)
        yield QuickLink("", str(_("All")), "", self._url(""), is_chosen=now is None)
        for choice in self.offered:
            shown = str(count_choice(self.model, choice, on=today()))
            yield QuickLink(choice.name, str(choice.label), shown, self._url(choice.name), is_chosen=choice is now)

    def _url(self, name: str) -> str:
        query: QueryDict = self.request.GET.copy()
        for parameter in (AFTER, BEFORE, self.parameter_name):
            query.pop(parameter, None)
        if name:
            query[self.parameter_name] = name
        return f"?{query.urlencode()}"


class QuickFilterMixin(DeskAdmin):
    """A list with quick filters; the chosen one says the order."""

    list_before_template = "memberships/quick_filters.html"
    quick_filter: type[QuickFilter]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The button of the other filters shows whether one of those is set; a quick one shows by itself."""
        response = super().changelist_view(request, extra_context)
        changes = getattr(response, "context_data", None) or {}
        if "cl" in changes:
            others = [spec for spec in changes["cl"].filter_specs if not isinstance(spec, QuickFilter)]
            changes["cl"].has_active_filters = any(spec.used_parameters for spec in others)
        return response

    def get_ordering(self, request: HttpRequest) -> list[str]:
        choice = chosen(request, self.quick_filter.offered)
        return [choice.order] if choice else ["-pk"]


def chosen(request: HttpRequest, offered: tuple[QuickChoice, ...]) -> QuickChoice | None:
    """The choice that the address names; None: all. What nobody offers is no choice."""
    name = request.GET.get(QuickFilter.parameter_name)
    return next((choice for choice in offered if choice.name == name), None)


def count_choice(model: type[Model], choice: QuickChoice, *, on: date) -> Counted:
    """How many rows the choice has on a day. Kept for some seconds."""
    key = f"quick-count:{model._meta.label_lower}:{choice.name}:{on}"
    return Counted(*(cache.get_or_set(key, lambda: tuple(_count(model, choice, on=on)), KEPT_SECONDS) or (0,)))


def _count(model: type[Model], choice: QuickChoice, *, on: date) -> Counted:
    if choice.counted:
        return choice.counted(on)
    return count_up_to(choice.rows(model._default_manager.all(), on).values("pk"), MOST)


def count_up_to(rows: QuerySet[Any], most: int) -> Counted:
    """So many rows at the most."""
    found = rows.order_by()[: most + 1].count()
    return Counted(min(found, most), found > most)

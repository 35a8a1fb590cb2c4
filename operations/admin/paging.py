"""Paging by key: a page begins after (or ends before) a row, so the millionth page costs what the first does.

`?after=<key>` and `?before=<key>` name the last or first row of the page one comes from. The page is read by
`(order column, key) > (its value, its key) LIMIT n`, which an index on both serves; there is no OFFSET.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ORDER_VAR
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.core.paginator import Paginator
from django.db.models import Expression, F, Func, Model, Q, QuerySet, TextField, Value
from django.db.models.lookups import GreaterThan, LessThan
from django.http import HttpRequest
from unfold.views import ChangeList

from operations.admin.counts import Count, count_rows

AFTER, BEFORE = "after", "before"


class Page(NamedTuple):
    """The rows of a page, and whether there are others on either side."""

    rows: list[Any]
    has_previous: bool
    has_next: bool


class _Row(Func):
    """ROW(a, b): compared as a whole, as an index on (a, b) is sorted."""

    function = "ROW"
    output_field = TextField()


def read_page(
    queryset: QuerySet[Any], *, order: str, size: int, after: str | None = None, before: str | None = None
) -> Page:
    """One page in the order of a column (`-` for descending) and, where it ties, of the key.

    An unknown key leads to the first page. IncorrectLookupParameters when it is no key at all.
    """
    if before is not None:
        edge = _edge(queryset.model, order, before)
        found = _read(queryset, _reversed(order), size + 1, edge)
        # A page that reaches the beginning may be short: then the first page is meant.
        if edge and len(found) > size:
            return Page(found[:size][::-1], has_previous=True, has_next=True)
    edge = _edge(queryset.model, order, after) if after is not None else None
    found = _read(queryset, order, size + 1, edge)
    return Page(found[:size], has_previous=edge is not None, has_next=len(found) > size)


def read_keys(queryset: QuerySet[Any], *, order: str, size: int) -> Iterator[Any]:
    """All keys in the order of a column, so many at a time by a cursor of the database: as of one moment."""
    return queryset.order_by(*_columns(order)).values_list("pk", flat=True).iterator(chunk_size=size)


def _edge(model: type[Model], order: str, key: str) -> list[Any] | None:
    """The values that the order compares, of the row with that key; None when there is no such row."""
    column = order.removeprefix("-")
    try:
        pk = model._meta.pk.to_python(key)
        if column == "pk":
            return [pk]
        return next((list(row) for row in model._default_manager.filter(pk=pk).values_list(column, "pk")), None)
    except (ValueError, ValidationError) as error:
        raise IncorrectLookupParameters(error) from error


def _reversed(order: str) -> str:
    return order.removeprefix("-") if order.startswith("-") else f"-{order}"


def _read(queryset: QuerySet[Any], order: str, limit: int, edge: list[Any] | None) -> list[Any]:
    columns = _columns(order)
    ahead = queryset.filter(_beyond(columns, edge)) if edge else queryset
    keys = list(ahead.order_by(*columns).values_list("pk", flat=True)[:limit])
    # Keys first, rows by key then: joined, PostgreSQL may merge from the beginning of the other table.
    rows = queryset.order_by().in_bulk(keys) if keys else {}
    return [rows[key] for key in keys if key in rows]


def _columns(order: str) -> list[str]:
    """The column, and the key that settles ties the same way round."""
    return [order] if order in ("pk", "-pk") else [order, "-pk" if order.startswith("-") else "pk"]


def _beyond(columns: list[str], edge: list[Any]) -> Q | Expression:
    is_descending, names = columns[0].startswith("-"), [column.removeprefix("-") for column in columns]
    if names == ["pk"]:
        return Q(pk__lt=edge[0]) if is_descending else Q(pk__gt=edge[0])
    compare = LessThan if is_descending else GreaterThan
    return compare(_Row(*map(F, names)), _Row(*map(Value, edge)))


class KeysetChangeList(ChangeList):
    """A list page read by key, with an estimated count."""

    count: Count
    page: Page

    def get_queryset(self, request: HttpRequest, exclude_parameters: list[str] | None = None) -> QuerySet[Any]:
        """The whole list: the page's edge is no filter, so it leaves the parameters here.

        So does an order by a column that is not offered: no index would serve it.
        """
        column = self.params.get(ORDER_VAR, "").removeprefix("-")
        is_offered = column.isdecimal() and self._offers_order(int(column))
        for parameter in (AFTER, BEFORE) if is_offered else (AFTER, BEFORE, ORDER_VAR):
            self.params.pop(parameter, None)
            self.filter_params.pop(parameter, None)
        queryset: QuerySet[Any] = super().get_queryset(request, exclude_parameters)
        return queryset

    def _offers_order(self, column: int) -> bool:
        return column < len(self.list_display) and self.list_display[column] in self.sortable_by

    def get_ordering(self, request: HttpRequest, queryset: QuerySet[Any]) -> list[str]:
        """One column at most: the key settles ties, and only one index can serve an order."""
        order = super().get_ordering(request, queryset)[0]
        if not isinstance(order, str):
            raise ImproperlyConfigured(f"{self.model_admin} orders by an expression; keyset paging takes a column")
        name = order.removeprefix("-")
        if name in (self.lookup_opts.pk.name, self.lookup_opts.pk.attname):
            order = order.replace(name, "pk")
        return [order]

    def get_results(self, request: HttpRequest) -> None:
        """Read the page; what Django's page numbers need is set to "one page"."""
        order = self.get_ordering(request, self.queryset)[0]
        self.page = read_page(
            self.queryset, order=order, size=self.list_per_page,
            after=request.GET.get(AFTER), before=request.GET.get(BEFORE),
        )
        self.result_list = self.page.rows
        self.count = self._count()
        self.result_count = self.full_result_count = self.count.number
        self.show_full_result_count = False
        self.show_admin_actions = True
        self.can_show_all = self.multi_page = False
        self.paginator = Paginator(self.result_list, self.list_per_page)

    def _count(self) -> Count:
        if not (self.page.has_previous or self.page.has_next):
            return Count(len(self.page.rows), is_exact=True)
        return count_rows(self.queryset)

    @property
    def first_url(self) -> str | None:
        return self.get_query_string() if self.page.has_previous else None

    @property
    def previous_url(self) -> str | None:
        return self._url(BEFORE, 0) if self.page.has_previous else None

    @property
    def next_url(self) -> str | None:
        return self._url(AFTER, -1) if self.page.has_next else None

    def _url(self, parameter: str, place: int) -> str | None:
        return self.get_query_string({parameter: self.page.rows[place].pk}) if self.page.rows else None

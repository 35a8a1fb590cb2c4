"""What the page of a dry run shows, and that of the run which executes it: the figures, and each item. Reads only."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.http import urlencode

from operations import registry
from operations.models import JobRun, RunItem
from operations.owners import number_of
from operations.services.dry_runs import (
    amount_in_words,
    executed_by,
    hindrance,
    in_words,
    left_out,
    summary,
)
from operations.services.jobs import are_items_swept

ITEM_PAGE_SIZE = 50
#: So many left-out items are counted.
LEFT_OUT_LIMIT = 1000
OUTCOME_COLOURS = {
    RunItem.Outcome.FORESEEN: "", RunItem.Outcome.DONE: "success", RunItem.Outcome.LEFT_OUT: "warning",
}
#: The address's parameters: the item after which a page begins, and whether only left-out ones are shown.
AFTER, ONLY = "item", "only"


@dataclass(frozen=True)
class Row:
    """An item in words."""

    text: str
    url: str
    member: str
    kind: str
    amount: str
    outcome: str
    colour: str


@dataclass(frozen=True)
class ItemPage:
    """Items of one page."""

    rows: list[Row]
    first_url: str
    next_url: str


def dry_run_panel(request: HttpRequest, run: JobRun, *, at: datetime) -> dict[str, Any]:
    """What a dry run foresaw, by kind and item by item; whether it was or can be executed."""
    executed, found = executed_by(run), summary(run)
    only_left_out = executed is not None and request.GET.get(ONLY) == RunItem.Outcome.LEFT_OUT.value
    items = left_out(executed) if executed is not None and only_left_out else RunItem.objects.filter(run=run)
    return {
        "words": in_words(run, found),
        "kinds": kinds_in_words(run),
        "executed": executed,
        "hindrance": "" if executed else hindrance(run, at=at),
        "only_left_out": only_left_out,
        "left_out_url": _url(run, **{ONLY: RunItem.Outcome.LEFT_OUT.value}),
        "all_url": _url(run),
        "items": read_items(request, run, items, **({ONLY: RunItem.Outcome.LEFT_OUT.value} if only_left_out else {})),
        "is_swept": are_items_swept(run),
    }


def left_out_panel(request: HttpRequest, run: JobRun) -> dict[str, Any]:
    """What a run that executed a dry run left out, named; how many, up to a bound."""
    items = left_out(run)
    count = items[:LEFT_OUT_LIMIT].count()
    return {
        "count": count,
        "has_more": count == LEFT_OUT_LIMIT,
        "items": read_items(request, run, items),
        "is_swept": are_items_swept(run.approved),
    }


def kinds_in_words(run: JobRun) -> list[tuple[str, int, str]]:
    """Of each kind of item: its name, how many, and what they add up to."""
    return [
        (kind_in_words(run, kind), figures.items, amount_in_words(run, figures.amount))
        for kind, figures in summary(run).kinds.items()
    ]


def kind_in_words(run: JobRun, kind: str) -> str:
    job = registry.jobs.find(run.job)
    return str(job.kinds.get(kind, kind)) if job else kind


def read_items(request: HttpRequest, run: JobRun, items: QuerySet[RunItem], **kept: str) -> ItemPage:
    """A page of items, read by key; its links lead to the page of `run` and keep `kept`."""
    after = request.GET.get(AFTER, "")
    place = int(after) if after.isascii() and after.isdigit() and len(after) < 19 else None
    ahead = items.order_by("key") if place is None else items.filter(key__gt=place).order_by("key")
    found = list(ahead[: ITEM_PAGE_SIZE + 1])
    shown = found[:ITEM_PAGE_SIZE]
    return ItemPage(
        rows=_rows(run, shown),
        first_url="" if place is None else _url(run, **kept),
        next_url=_url(run, **kept, **{AFTER: str(shown[-1].key)}) if len(found) > len(shown) else "",
    )


def _rows(run: JobRun, items: Sequence[RunItem]) -> list[Row]:
    job = registry.jobs.find(run.job)
    links = job.item_links(items) if job and items else {}
    rows = []
    for item in items:
        text, url = links.get(item.key, (str(item.key), ""))
        member = "" if item.owner is None else number_of(item.owner)
        rows.append(
            Row(
                text, url, member if member != text else "", kind_in_words(run, item.kind),
                amount_in_words(run, item.amount), item.get_outcome_display(),
                OUTCOME_COLOURS[RunItem.Outcome(item.outcome)],
            )
        )
    return rows


def _url(run: JobRun, **query: str) -> str:
    """The run's page, at its items."""
    address = reverse("admin:operations_jobrun_change", args=[run.pk])
    return f"{address}?{urlencode(query)}#items" if query else f"{address}#items"

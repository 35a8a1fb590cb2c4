"""What the page of an audit's run shows: the differences it found, each with its record. Reads only."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.http import urlencode

from operations import registry
from operations.models import BookDifference, JobRun
from operations.owners import number_of

PAGE_SIZE = 50
#: The address's parameter: the difference after which a page begins.
AFTER = "difference"


@dataclass(frozen=True)
class Row:
    """A difference in words."""

    difference: BookDifference
    url: str
    member: str


def differences_panel(request: HttpRequest, run: JobRun) -> dict[str, Any] | None:
    """A page of a run's differences, in the order in which they were found; None when there are none."""
    after = request.GET.get(AFTER, "")
    place = int(after) if after.isascii() and after.isdigit() and len(after) < 19 else 0
    found = list(run.differences.filter(pk__gt=place).order_by("pk")[: PAGE_SIZE + 1])
    if not found and not place:
        return None
    shown = found[:PAGE_SIZE]
    return {
        "rows": [_row(difference) for difference in shown],
        "first_url": _url(run) if place else "",
        "next_url": _url(run, **{AFTER: shown[-1].pk}) if len(found) > PAGE_SIZE else "",
    }


def _row(difference: BookDifference) -> Row:
    check = registry.book_checks.find(difference.check_name)
    return Row(
        difference, check.page_of(difference.fault, difference.key, difference.owner) if check else "",
        "" if difference.owner is None else number_of(difference.owner),
    )


def _url(run: JobRun, **query: Any) -> str:
    """The run's page, at its differences."""
    address = reverse("admin:operations_jobrun_change", args=[run.pk])
    return f"{address}?{urlencode(query)}#differences" if query else f"{address}#differences"

"""Daily figures of campaigns out of a checked file: set-based statements over the staging rows of one batch."""

from datetime import date

from benefits.services import statements
from benefits.services.brand_import import applied, headers
from operations.models import ImportBatch


def resolve_repeats(batch: ImportBatch) -> None:
    """A campaign's day and group that stands in the file again: the same is a duplicate, others are all invalid."""
    statements.run("import_figures/resolve_repeats", batch=batch.pk, column=headers(batch)["reported_on"])


def compare_with_figures(batch: ImportBatch, *, on: date) -> None:
    """What is so already stays; days to come, and fewer orders than buyers, are invalid."""
    named = headers(batch)
    statements.run(
        "import_figures/judge", batch=batch.pk, on=on, day_column=named["reported_on"], order_column=named["orders"]
    )


def apply_rows(batch: ImportBatch, first: int, last: int) -> tuple[int, int]:
    """Write the figures of a range of lines over those of the same campaign, day and group; (applied, 0)."""
    statements.run("import_figures/apply", batch=batch.pk, first=first, last=last)
    return applied(batch, first, last), 0

"""Brands out of a checked file: set-based statements over the staging rows of one batch."""

from collections import defaultdict

from benefits.services import statements
from operations.models import ImportBatch, ImportRow


def resolve_repeats(batch: ImportBatch) -> None:
    """A code that stands in the file again: identical rows are duplicates of the first, others are all invalid."""
    statements.run("import_brands/resolve_repeats", batch=batch.pk, column=headers(batch)["code"])


def compare_with_brands(batch: ImportBatch) -> None:
    """A brand that is as the file has it stays as it is; a code that is none is invalid."""
    statements.run("import_brands/judge", batch=batch.pk, column=headers(batch)["code"])


def apply_rows(batch: ImportBatch, first: int, last: int) -> tuple[int, int]:
    """Add the new brands of a range of lines, and give known ones the file's names; (applied, 0)."""
    statements.run("import_brands/apply", batch=batch.pk, first=first, last=last)
    return applied(batch, first, last), 0


def applied(batch: ImportBatch, first: int, last: int) -> int:
    """How many lines of a range were written."""
    rows = ImportRow.objects.filter(batch=batch, line__range=(first, last), outcome=ImportRow.Outcome.APPLIED)
    return rows.count()


def headers(batch: ImportBatch) -> dict[str, str]:
    """The file's header of each staged column."""
    return defaultdict(str, zip(batch.columns, batch.headers, strict=True))

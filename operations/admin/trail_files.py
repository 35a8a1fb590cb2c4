"""What was found in the audit trail as a file: a row for each field that changed, so that it can be filtered."""

from collections.abc import Iterator

from django.utils.timezone import localtime
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _

from operations.admin.trail_entries import TrailEntry, entries_found
from operations.imports.exports import Cell, csv_lines
from operations.models import JobRun
from operations.services.trail import Question, walk_trail
from operations.sheets import Sheet

#: Entries of a file.
MOST_ENTRIES = 20_000
#: Of a column of a workbook, in letters.
WIDTH = 20
#: Entries that are read at a time.
BLOCK = 500
KINDS = [("csv", "CSV"), ("xlsx", "XLSX")]


def _header() -> list[str]:
    return [
        _("Instant"), _("Operator"), _("What happened"), _("Record type"), _("Record"), _("Member number"), _("Field"),
        _("Before"), _("After"), _("Reason"), _("Job"), _("Number of the run"), _("Number of the import"), _("Line"),
        _("Request"),
    ]


def trail_csv(question: Question) -> Iterator[bytes]:
    """The file, a line at a time. The language is the reader's, also after the response has begun."""
    language = get_language() or "zh-hans"
    with override(language):
        header = _header()
    rows = _rows(question, language)
    return csv_lines(header, rows)


def trail_xlsx(question: Question) -> bytes:
    """The same as a workbook. All cells are texts: no code loses its noughts, and nothing runs."""
    header = _header()
    sheet = Sheet(_("Audit trail"), [WIDTH] * len(header), header)
    for row in _rows(question, get_language() or "zh-hans"):
        sheet.write(row)
    return sheet.file()


def _rows(question: Question, language: str) -> Iterator[list[Cell]]:
    found = walk_trail(question, most=MOST_ENTRIES, size=BLOCK)
    while block := [row for row, _number in zip(found, range(BLOCK), strict=False)]:
        # Not around the yield: between two of them another request may be answered.
        with override(language):
            rows = [row for entry in entries_found(block) for row in _of_entry(entry)]
        yield from rows


def _of_entry(entry: TrailEntry) -> Iterator[list[Cell]]:
    """A row for each change; one all the same where none shows."""
    words = {"insert": _("added"), "update": _("changed"), "delete": _("removed")}
    facts = entry.facts
    job = str(facts.get("job", ""))
    begin = [
        localtime(entry.at).isoformat(sep=" ", timespec="milliseconds"), str(entry.actor or ""),
        words.get(entry.label, entry.label), entry.record, entry.name, entry.number,
    ]
    end = [
        entry.reason, str(JobRun.shown_job(job)) if job else "",
        *(str(facts.get(name) or "") for name in ("run", "batch", "line", "request")),
    ]
    for change in entry.changes:
        yield [*begin, change.field, change.before, change.after, *end]
    if not entry.changes:
        yield [*begin, "", "", "", *end]

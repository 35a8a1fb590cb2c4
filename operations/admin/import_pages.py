"""What the pages of an import show: columns to prepare, the preview, the result. Reads only."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import urlencode

from django.contrib.auth.models import AbstractUser, AnonymousUser
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from operations import registry
from operations.admin.approval_pages import open_requests
from operations.admin.live import describe
from operations.approval_actions import ConfirmImport, ImportAction, UndoImport, measure_in_words
from operations.errors import UnknownNameError
from operations.forms import ConfirmForm
from operations.imports.faults import Fault
from operations.imports.importer import Importer
from operations.imports.workbooks import Sheet
from operations.models import ImportBatch, ImportRow, JobChunk, JobRun, User
from operations.models.imports import Verdict
from operations.services import imports
from operations.services.approvals import over_limit
from operations.services.import_notes import notes_in_words

PAGE_SIZE = 50
State = ImportBatch.State
Outcome = ImportRow.Outcome
FetchRows = Callable[..., list[imports.PreviewRow]]

STATE_COLOURS = {
    State.CHOOSING: "warning",
    State.CHECKING: "info",
    State.CHECKED: "warning",
    State.REFUSED: "danger",
    State.APPLYING: "info",
    State.APPLIED: "success",
    State.PARTLY_APPLIED: "danger",
    State.UNDOING: "info",
    State.PARTLY_UNDONE: "danger",
    State.UNDONE: "info",
    State.DISCARDED: "info",
}
#: As spreadsheet programs call it; the mark at the beginning is how they know UTF-8.
FORMATS = {"utf-8-sig": "CSV, UTF-8 (BOM)", "xlsx": "XLSX"}
#: The heading of the bar; an import that stopped and was resumed keeps its state until it ends.
WORK = {
    State.CHECKING: gettext_lazy("The file is being checked"),
    State.APPLYING: gettext_lazy("The import is being applied"),
    State.PARTLY_APPLIED: gettext_lazy("The import is being applied"),
    State.UNDOING: gettext_lazy("The import is being undone"),
    State.PARTLY_UNDONE: gettext_lazy("The import is being undone"),
}
VERDICT_TABS = [
    (Verdict.NEW, gettext_lazy("New")),
    (Verdict.CHANGED, gettext_lazy("Changed")),
    (Verdict.UNCHANGED, gettext_lazy("Unchanged")),
    (Verdict.INVALID, gettext_lazy("Invalid")),
    (Verdict.DUPLICATE, gettext_lazy("Duplicates in the file")),
]
OUTCOME_TABS = [
    (Outcome.APPLIED, gettext_lazy("Applied")),
    (Outcome.LEFT_OUT, gettext_lazy("Left out")),
    (Outcome.INVALID, gettext_lazy("Invalid")),
    (Outcome.UNDONE, gettext_lazy("Undone")),
    (Outcome.KEPT, gettext_lazy("Could not be undone")),
]


@dataclass(frozen=True)
class Tab:
    """One kind of rows; `count` is None where nobody counted them."""

    key: str
    label: Any
    count: int | None
    url: str
    is_active: bool

    @property
    def is_bad(self) -> bool:
        return bool(self.count) and self.key in (Verdict.INVALID, Outcome.LEFT_OUT, Outcome.KEPT)


@dataclass(frozen=True)
class NamedFault:
    """A fault beside the name of the row it is in, which a row with several faults repeats."""

    label: str
    fault: Fault


@dataclass(frozen=True)
class ShownRow:
    """A row with its cells in the order of the table's columns, and where its record is."""

    row: imports.PreviewRow
    url: str
    cells: list[tuple[str, str]]
    #: New or changed, in words, where rows of either stand together.
    verdict: str


@dataclass(frozen=True)
class RowTable:
    """A page of rows, and where the next one begins."""

    rows: list[ShownRow]
    faults: list[NamedFault]
    columns: list[str]
    has_changes: bool
    has_verdicts: bool
    has_notes: bool
    first_url: str
    next_url: str
    #: The rows were counted once and are not there any more: a crash of the database emptied the staging table.
    is_lost: bool

    @property
    def is_empty(self) -> bool:
        return not self.rows and not self.faults


def importer_of(batch: ImportBatch) -> Importer | None:
    """The batch's importer; None when it is no longer registered, whose old batches are still to be read."""
    try:
        return registry.importers.get(batch.importer)
    except UnknownNameError:
        return None


def kind_of(batch: ImportBatch) -> Any:
    """What kind of import it is, in words."""
    importer = importer_of(batch)
    return importer.label if importer else batch.importer


def may_import(user: AbstractUser | AnonymousUser, batch: ImportBatch) -> bool:
    """Whether the user may act on the batch."""
    importer = importer_of(batch)
    return importer is not None and user.has_perm(importer.permission)


def batch_page(request: HttpRequest, batch: ImportBatch) -> dict[str, Any]:
    """Everything the batch's page shows in its present state."""
    run = imports.run_of(batch)
    is_working = run is not None and not run.is_finished
    context = {
        "batch": batch,
        "run": run,
        "state_label": batch.get_state_display(),
        "state_colour": STATE_COLOURS.get(State(batch.state), ""),
        "upload_url": upload_url(batch),
        "run_error": _run_error(run) if run and not is_working else "",
        "importer_label": kind_of(batch),
        "file_format": FORMATS.get(batch.encoding, f"CSV, {batch.encoding.upper()}"),
        "may_import": may_import(request.user, batch),
        "is_uploader": batch.uploaded_by_id == request.user.pk,
        "is_working": is_working,
        "open_requests": open_requests(request, batch, at=timezone.now()),
        "live": live_progress(batch),
        "working_on": WORK.get(State(batch.state), batch.get_state_display()),
        "workbook_notes": notes_in_words(batch),
        "file_faults": [NamedFault("", Fault.from_json(fault)) for fault in batch.faults],
    }
    if is_working or batch.state == State.DISCARDED:
        return context
    if batch.state == State.CHECKED:
        return context | _preview(request, batch)
    if batch.state == State.CHOOSING:
        return context | {"sheets": _sheets(request, batch)}
    if batch.state != State.REFUSED:
        return context | _result(request, batch)
    return context


def _sheets(request: HttpRequest, batch: ImportBatch) -> list[Sheet]:
    """The sheets to choose from; the first rows are for who uploaded them, and secrets for nobody."""
    importer = importer_of(batch)
    shows_rows = batch.uploaded_by_id == request.user.pk and importer is not None and not importer.is_secret
    return [sheet if shows_rows else sheet._replace(rows=[]) for sheet in imports.glimpses(batch)]


def live_progress(batch: ImportBatch) -> dict[str, Any]:
    """The batch's progress for its page and for the script that keeps it current."""
    run = imports.run_of(batch)
    return describe(imports.progress(batch, at=timezone.now()), version=f"{batch.state}/{run.state if run else ''}")


def _preview(request: HttpRequest, batch: ImportBatch) -> dict[str, Any]:
    counts = {verdict: getattr(batch, verdict) for verdict in Verdict}
    # What has to be mended before anything can be confirmed is what the page was opened for.
    first = Verdict.INVALID if batch.invalid and not batch.skips_invalid else ""
    tabs = _tabs(request, batch, VERDICT_TABS, counts, first=first)
    importer = importer_of(batch)
    return {
        "tabs": tabs,
        "active_tab": _active(tabs).key,
        "table": _table(request, batch, tabs, imports.preview_page),
        "hindrance": _hindrance(request, batch),
        "promise": _promise(batch),
        "notes": importer.notes(batch) if importer else [],
        "confirm_form": ConfirmForm(
            initial={"preview_key": batch.preview_key, "file_sha256": batch.file_sha256}, auto_id=False
        ),
        "over_limit": _over_limit(request, batch, ConfirmImport()),
    }


def _over_limit(request: HttpRequest, batch: ImportBatch, action: ImportAction) -> str:
    """What of the import is more than this operator confirms or undoes alone: "12,000 rows, 900,000 points"."""
    user = cast(User, request.user)
    over = over_limit(action, {"batch": batch.pk}, actor=user) if user.is_authenticated else []
    return ", ".join(map(measure_in_words, over))


def _hindrance(request: HttpRequest, batch: ImportBatch) -> str:
    """Why this operator cannot confirm this preview; empty when nothing stands in the way."""
    if not may_import(request.user, batch):
        return _("You may not apply imports of this kind.")
    if batch.uploaded_by_id != request.user.pk:
        return _("Only %(name)s, who uploaded the file, can confirm it.") % {"name": batch.uploaded_by}
    return imports.confirmation_hindrance(batch)


def _promise(batch: ImportBatch) -> str:
    """What confirming will do, in one sentence."""
    numbers = {
        "kind": kind_of(batch),
        "new": number_format(batch.new),
        "changed": number_format(batch.changed),
    }
    if batch.new and batch.changed:
        return _("%(kind)s: will add %(new)s and change %(changed)s.") % numbers
    if batch.new:
        return _("%(kind)s: will add %(new)s.") % numbers
    return _("%(kind)s: will change %(changed)s.") % numbers


def _result(request: HttpRequest, batch: ImportBatch) -> dict[str, Any]:
    counts = {
        Outcome.APPLIED: batch.applied,
        Outcome.LEFT_OUT: batch.left_out,
        Outcome.INVALID: batch.invalid,
        Outcome.UNDONE: batch.undone,
        # Nobody counts the rows that were kept.
        Outcome.KEPT: None,
    }
    shown = {Outcome.APPLIED, Outcome.INVALID} | {key for key, count in counts.items() if count}
    if batch.state == State.PARTLY_UNDONE:
        shown.add(Outcome.KEPT)
    tabs = _tabs(request, batch, [tab for tab in OUTCOME_TABS if tab[0] in shown], counts)
    importer = importer_of(batch)
    why_no_undo = importer.why_no_undo if importer else ""
    can_undo = batch.state in (State.APPLIED, State.PARTLY_APPLIED, State.PARTLY_UNDONE) and bool(batch.applied)
    return {
        "tabs": tabs,
        "active_tab": _active(tabs).key,
        "table": _table(request, batch, tabs, _outcome_page),
        "summary": _summary(batch),
        "can_resume": _has_chunks_left(batch),
        "can_undo": can_undo and not why_no_undo,
        "over_limit": _over_limit(request, batch, UndoImport()) if can_undo and not why_no_undo else "",
        "why_no_undo": why_no_undo if can_undo else "",
    }


def _has_chunks_left(batch: ImportBatch) -> bool:
    """Whether the run stopped before its end; an undo that kept rows has ended, and is begun again instead."""
    run = imports.run_of(batch)
    is_stopped = batch.state in (State.PARTLY_APPLIED, State.PARTLY_UNDONE)
    return is_stopped and run is not None and run.chunks.exclude(state=JobChunk.State.DONE).exists()


def _summary(batch: ImportBatch) -> str:
    """What was done, in one sentence."""
    numbers = {
        "kind": kind_of(batch),
        "applied": number_format(batch.applied),
        "left_out": number_format(batch.left_out),
        "invalid": number_format(batch.invalid),
        "undone": number_format(batch.undone),
    }
    if batch.state in (State.UNDONE, State.PARTLY_UNDONE):
        return _("%(kind)s: %(undone)s undone, %(applied)s still applied.") % numbers
    return _("%(kind)s: %(applied)s applied, %(left_out)s left out, %(invalid)s invalid.") % numbers


def _tabs(
    request: HttpRequest, batch: ImportBatch, kinds: list[tuple[Any, Any]], counts: dict[Any, int | None], *,
    first: str = "",
) -> list[Tab]:
    """The tabs; the one asked for is active, else `first`, else the first that holds rows."""
    keys = [str(key) for key, _label in kinds]
    asked = request.GET.get("rows", "")
    filled = [str(key) for key, _label in kinds if counts[key]]
    active = asked if asked in keys else next(iter([first] if first else filled), keys[0])
    return [
        Tab(str(key), label, counts[key], page_url(batch, rows=str(key)), is_active=str(key) == active)
        for key, label in kinds
    ]


def _active(tabs: list[Tab]) -> Tab:
    return next(tab for tab in tabs if tab.is_active)


def _table(request: HttpRequest, batch: ImportBatch, tabs: list[Tab], fetch: FetchRows) -> RowTable:
    """The active tab's page after the line asked for; reading one row more tells whether another follows."""
    active = _active(tabs)
    after = _line_asked_for(request)
    found = fetch(batch, active.key, after_line=after, size=PAGE_SIZE + 1)
    rows, has_more = found[:PAGE_SIZE], len(found) > PAGE_SIZE
    shows_faults = active.key in (Verdict.INVALID, Outcome.INVALID)
    columns = _columns(rows)
    return RowTable(
        rows=[] if shows_faults else [
            ShownRow(
                row, _link(batch, row, active.key), [(name, row.cells.get(name, "")) for name in columns],
                str(Verdict(row.verdict).label) if row.verdict else "",
            )
            for row in rows
        ],
        faults=_named_faults(request, batch, rows) if shows_faults else [],
        columns=columns,
        has_changes=any(row.changes for row in rows),
        has_verdicts=any(row.verdict for row in rows),
        has_notes=any(row.faults for row in rows),
        first_url=page_url(batch, rows=active.key) if after else "",
        next_url=page_url(batch, rows=active.key, after=rows[-1].line) if has_more else "",
        is_lost=bool(active.count) and not rows and not after,
    )


def _named_faults(request: HttpRequest, batch: ImportBatch, rows: list[imports.PreviewRow]) -> list[NamedFault]:
    """The rows' faults; what was read as personal data is whole for its uploader and masked for others."""
    importer = importer_of(batch)
    is_masked = importer is not None and batch.uploaded_by_id != request.user.pk
    return [
        NamedFault(row.label, importer.masked(fault) if importer and is_masked else fault)
        for row in rows
        for fault in row.faults
    ]


def _outcome_page(batch: ImportBatch, outcome: str, *, after_line: int, size: int) -> list[imports.PreviewRow]:
    """Rows by outcome; the invalid ones of an import that stopped are in the staging table still."""
    rows = imports.outcome_page(batch, outcome, after_line=after_line, size=size)
    if rows or outcome != Outcome.INVALID:
        return rows
    return imports.preview_page(batch, Verdict.INVALID, after_line=after_line, size=size)


def _columns(rows: list[imports.PreviewRow]) -> list[str]:
    """The columns that some row fills, but for the one that repeats the rows' names."""
    names = dict.fromkeys(name for row in rows for name in row.cells)
    return [name for name in names if any(row.cells.get(name, "") != row.label for row in rows)]


def _line_asked_for(request: HttpRequest) -> int:
    """`after` is the last line of the page before, `line` the one a person wants to see first."""
    for name, offset in (("after", 0), ("line", -1)):
        text = request.GET.get(name, "")
        # Longer numbers than PostgreSQL's bigint are no lines.
        if text.isascii() and text.isdigit() and len(text) < 19:
            return max(0, int(text) + offset)
    return 0


def page_url(batch: ImportBatch, **query: Any) -> str:
    """The batch's page, at a tab and line."""
    url = reverse("admin:operations_importbatch_change", args=[batch.pk])
    return f"{url}?{urlencode(query)}" if query else url


def upload_url(batch: ImportBatch) -> str:
    """The upload page, with the batch's kind of import chosen."""
    return f"{reverse('admin:operations_importbatch_add')}?{urlencode({'importer': batch.importer})}"


def record_url(batch: ImportBatch, object_id: int | None) -> str:
    """The page of the record that a row is about; empty when the row has none."""
    importer = importer_of(batch)
    if object_id is None or importer is None:
        return ""
    meta = importer.resource._meta.model._meta
    return reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=[object_id])


def _link(batch: ImportBatch, row: imports.PreviewRow, kind: str) -> str:
    """Where the row's name leads: to its record, unless undoing took that away."""
    return "" if kind == Outcome.UNDONE else record_url(batch, row.object_id)


def _run_error(run: JobRun) -> str:
    """Why a run stopped: its own error, else that of its first chunk that failed."""
    if run.state == JobRun.State.SUCCEEDED:
        return ""
    failing = run.chunks.filter(state=JobChunk.State.PARKED).exclude(error="").order_by("number").first()
    return run.shown_error or (failing.shown_error if failing else "")

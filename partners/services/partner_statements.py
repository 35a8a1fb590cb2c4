"""A partner's statement of a month: read, matched line by line with what we know, and its differences decided.

Both sides meet in memory (polars), where a million lines take seconds: what is billed comes out of the file, what may
be billed out of `partners_billed` meanwhile. Only what differs is written, and the sums of what matches.

    duplicate       the second and later lines of an order
    missing here    no fulfilment, or use, of that number
    amount differs  also: known here, but owed in another month (expected: 0)
    state differs   neither our state now nor, where it was revoked later, that of the month's end
    missing there   owed, postpaid, and not billed
"""

import io
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from typing import Any, BinaryIO, NamedTuple, cast

import polars as pl
from django.core.files import File
from django.core.files.base import ContentFile
from django.db import connection, transaction
from django.db.models import Max, QuerySet
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _

from operations.audit import because
from operations.errors import FileRefusedError
from operations.imports.files import inspect_file, refusal
from operations.imports.kinds import kind_of_file
from operations.imports.workbooks import XLSX, as_csv
from operations.models import User
from operations.services.approvals import requests_about
from partners.errors import (
    StatementFault,
    StatementFileError,
    StatementMonthError,
    StatementPartnerError,
    StatementStateError,
)
from partners.importers.statements import HEADERS, STATES, read_statement
from partners.models import Partner, PartnerStatement, Settlement, StatementLine
from partners.services import statement_matching
from partners.services.statements import statement as sql

State = PartnerStatement.State
#: Three million lines: a file is held in memory whole.
MAX_BYTES = 256 << 20
Verdict, Resolution = StatementLine.Verdict, StatementLine.Resolution


@dataclass(frozen=True)
class Imported:
    """The statement, and whether it came of this file just now; the same file again gives the first one."""

    statement: PartnerStatement
    is_new: bool


def import_statement(
    partner: Partner, file: "File[Any]", *, month: date, on: date, at: datetime, actor: User | None
) -> Imported:
    """Match a file with what we know of the month, and keep what differs; a statement there was is withdrawn.

    All of it or nothing. Raises FileRefusedError, StatementFileError (naming the lines), StatementMonthError,
    StatementPartnerError, and StatementStateError once the month is settled or waits for that.
    """
    month = month.replace(day=1)
    if month > on:
        raise StatementMonthError(_("%(month)s has not begun yet.") % {"month": f"{month:%Y-%m}"})
    kept = _read(file)
    same = _same_file(partner, month, kept.sha256)
    if same is not None:
        return Imported(same, is_new=False)
    refuse_settled(partner, month)
    matching, lines = _match(kept, partner, month)
    with transaction.atomic(), because(_("partner's statement"), actor=actor):
        Partner.objects.select_for_update(no_key=True).get(pk=partner.pk)
        same = _same_file(partner, month, kept.sha256)
        if same is not None:
            return Imported(same, is_new=False)
        refuse_settled(partner, month)
        statement = PartnerStatement(
            partner=partner, month=month, matched_at=at, imported_by=actor, file_name=(file.name or "")[:255],
            file_sha256=kept.sha256, lines_read=lines, counts=matching.counts, matched=matching.matched,
        )
        _keep(statement, kept.data, matching.differing)
    return Imported(statement, is_new=True)


def _keep(statement: PartnerStatement, data: bytes, differing: pl.DataFrame) -> None:
    """Write it down with its file and what differs, in the place of the one there was. The partner is held."""
    earlier = PartnerStatement.objects.filter(partner=statement.partner, month=statement.month)
    earlier.filter(state=State.MATCHED).update(state=State.WITHDRAWN)
    statement.number = (earlier.aggregate(last=Max("number"))["last"] or 0) + 1
    statement.file.save("upload", ContentFile(data), save=False)
    statement.save()
    _write_lines(statement, differing)


class _Kept(NamedTuple):
    """A file as it came, and as CSV."""

    data: bytes
    sha256: str
    text: bytes
    encoding: str


def _read(file: "File[Any]") -> _Kept:
    """The bytes of the file; of a workbook its first sheet that holds anything, as CSV.

    FileRefusedError, and StatementFileError for cells that cannot be told for certain.
    """
    if file.size > MAX_BYTES:
        raise refusal("too_large", value=str(file.size), expected=str(MAX_BYTES))
    if kind_of_file(cast(BinaryIO, file.file), file.name or "") != XLSX:
        facts = inspect_file(cast(BinaryIO, file.file))
        file.seek(0)
        data = file.read()
        return _Kept(data, facts.sha256, data, facts.encoding)
    file.seek(0)
    data = file.read()
    try:
        return _Kept(data, sha256(data).hexdigest(), as_csv(data), "utf-8")
    except FileRefusedError as refused:
        # Cells that cannot be told for certain are named like any other that is wrong.
        cells = [StatementFault(each.line, each.column, each.value, each.message) for each in refused.faults]
        if not all(each.column for each in cells):
            raise
        raise StatementFileError(cells) from refused


def _match(kept: "_Kept", partner: Partner, month: date) -> "tuple[statement_matching.Matching, int]":
    """The file against what may be billed, and how many lines it has. The file is read while the database looks."""
    with ThreadPoolExecutor(1) as beside:
        reading = beside.submit(_lines_of, kept, partner, month, get_language() or "zh-hans")
        billed = statement_matching.find_billed(partner, month)
        lines = reading.result()
    matching = statement_matching.match(partner, billed, lines)
    _refuse_others(matching, lines.height)
    return matching, lines.height


def _lines_of(kept: _Kept, partner: Partner, month: date, language: str) -> pl.DataFrame:
    """The lines of the file, faults in the operator's language: a thread has one of its own."""
    with override(language):
        return read_statement(
            kept.text, encoding=kept.encoding, mapping=partner.statement_mapping, month=month
        )


def _same_file(partner: Partner, month: date, sha256: str) -> PartnerStatement | None:
    valid = PartnerStatement.objects.filter(partner=partner, month=month).exclude(state=State.WITHDRAWN)
    return valid.filter(file_sha256=sha256).first()


def refuse_settled(partner: Partner, month: date) -> None:
    """StatementStateError once the month is settled, or somebody was asked to settle it."""
    settlement = Settlement.objects.filter(partner=partner, month=month).first()
    if settlement is None or settlement.state == Settlement.State.DRAFT:
        return
    if settlement.state == Settlement.State.CLOSED:
        raise StatementStateError(_("%(month)s is settled with this partner.") % {"month": f"{month:%Y-%m}"})
    if requests_about(settlement):
        raise StatementStateError(_("The settlement of this month waits for approval: withdraw that request first."))


def _refuse_others(matching: "statement_matching.Matching", lines: int) -> None:
    """A file that is mostly of another partner, or month, was not meant for this one."""
    if 2 * matching.of_others > lines:
        raise StatementPartnerError(matching.of_others)
    if 2 * matching.of_other_months > lines:
        raise StatementMonthError(
            _("%(lines)s lines are owed in another month: this is not the statement of the month that was chosen.")
            % {"lines": matching.of_other_months}
        )


def _write_lines(statement: PartnerStatement, differing: pl.DataFrame) -> None:
    """One COPY; texts are quoted, so that blank is not null."""
    rows = io.BytesIO()
    differing.select(
        pl.lit(statement.pk).alias("statement"), "line",
        *(pl.col(name).fill_null("") for name in ("order", "reference", "sku", "state")), "amount", "expected",
        pl.col("expected_state").fill_null(""), "verdict", "fulfilment_id", "offer_id",
    ).write_csv(rows, include_header=False, quote_style="non_numeric")
    with connection.cursor() as cursor, cursor.copy(sql("statements/copy_lines")) as copy:
        copy.write(rows.getvalue())


# --- how a partner's file is read

@transaction.atomic
def set_statement_mapping(
    partner: Partner, *, columns: dict[str, str], states: dict[str, str], actor: User | None, reason: str
) -> Partner:
    """Say how a partner's headers and words differ from ours. StatementStateError for what there is not."""
    unknown = [f"{theirs} = {ours}" for known, pairs in ((HEADERS, columns), (set(STATES.values()), states))
               for theirs, ours in pairs.items() if ours not in known and (ours or pairs is states)]
    if unknown:
        raise StatementStateError(_("There is no such column or state of ours: %(pairs)s.") % {
            "pairs": "; ".join(unknown)
        })
    partner = Partner.objects.select_for_update(no_key=True).get(pk=partner.pk)
    partner.statement_mapping = {"columns": columns, "states": {word.lower(): ours for word, ours in states.items()}}
    with because(reason, actor=actor):
        partner.save(update_fields=["statement_mapping"])
    return partner


# --- the work list

@transaction.atomic
def resolve_lines(
    statement: PartnerStatement, keys: list[int] | None, resolution: str, *, note: str, at: datetime,
    actor: User | None, verdict: str = "",
) -> int:
    """Decide about open differences: those of `keys`, or all (of a verdict); how many that were.

    A line that somebody decided about meanwhile stays as it is. A partner's line of a product that is none of ours
    cannot be accepted: it belongs into an adjustment. StatementStateError.
    """
    lines = _open_to_change(statement, keys).filter(resolution=Resolution.OPEN)
    if verdict:
        lines = lines.filter(verdict=verdict)
    if resolution == Resolution.ACCEPT_THEIRS and lines.filter(offer=None, amount__gt=0).exists():
        raise StatementStateError(
            _("Some lines are of products of no offer of this partner: write them off, and adjust the settlement.")
        )
    return lines.update(resolution=resolution, note=note[:200], resolved_by=actor, resolved_at=at)


@transaction.atomic
def reopen_lines(
    statement: PartnerStatement, keys: list[int], *, note: str, at: datetime, actor: User | None
) -> int:
    """Take decisions back, so that others can be made; how many. StatementStateError."""
    lines = _open_to_change(statement, keys).exclude(resolution=Resolution.OPEN)
    return lines.update(resolution=Resolution.OPEN, note=note[:200], resolved_by=actor, resolved_at=at)


def _open_to_change(statement: PartnerStatement, keys: list[int] | None) -> QuerySet[StatementLine]:
    """The differing lines, while their statement is locked and may change."""
    # As an import of the month, and its settlement, do: the partner first.
    Partner.objects.select_for_update(no_key=True).get(pk=statement.partner_id)
    statement.refresh_from_db()
    if statement.state != State.MATCHED:
        raise StatementStateError(
            _("This statement is “%(state)s”: nothing about it changes.") % {"state": statement.get_state_display()}
        )
    refuse_settled(statement.partner, statement.month)
    lines = StatementLine.objects.filter(statement=statement).exclude(verdict=Verdict.MATCHED)
    return lines if keys is None else lines.filter(pk__in=keys)


def open_lines(statement: PartnerStatement) -> int:
    """How many differences nobody has decided about."""
    lines = StatementLine.objects.filter(statement=statement, resolution=Resolution.OPEN)
    return lines.exclude(verdict=Verdict.MATCHED).count()

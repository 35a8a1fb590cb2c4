"""A partner's statement as it came: a CSV file by the partner's own headers and words, read column by column.

The import engine of the house stages and previews every line; a statement has a million that match and need neither.
It is read at once by polars (some 300 MB for a million lines), and every broken line is named before anything is
written. `Partner.statement_mapping` says how a partner's file differs from ours:

    {"columns": {"履约单号": "order", "备注": ""}, "states": {"开通成功": "active"}}

A column that is mapped to "" is left unread. Line numbers count records, the header being the first.
"""

import io
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any, NamedTuple

import polars as pl
from django.utils.translation import gettext as _
from polars.exceptions import PolarsError

from operations.imports.checking import normalised
from operations.imports.reader import read_records
from partners.errors import StatementFault, StatementFileError

#: The headers that are known without a mapping; the column's own name is one of them.
HEADERS = {
    "order": ("our number", "order no", "order number", "我方单号", "订单号", "履约单号"),
    "reference": ("partner's number", "对方单号", "合作方单号", "流水号"),
    "sku": ("product number", "商品编号", "产品编号"),
    "state": ("status", "状态"),
    "started_on": ("started on", "start date", "开始日期", "开通日期"),
    "ended_on": ("ended on", "end date", "结束日期", "终止日期"),
    "amount": ("amount (cny)", "金额", "结算金额", "金额（元）", "金额(元)"),
    "currency": ("币种", "货币"),
    "month": ("账期", "结算月份", "月份"),
}
REQUIRED = ("order", "amount")
LENGTHS = {"order": 64, "reference": 128, "sku": 64}
STATES = {
    **{state: state for state in ("active", "suspended", "revoked", "accepted", "failed", "used", "returned")},
    "生效": "active", "已生效": "active", "有效": "active", "已开通": "active", "暂停": "suspended",
    "已暂停": "suspended", "撤销": "revoked", "已撤销": "revoked", "已终止": "revoked", "受理": "accepted",
    "已受理": "accepted", "失败": "failed", "已使用": "used", "已核销": "used", "已退回": "returned",
}
CURRENCY = "CNY"
AMOUNT = r"^[0-9]{1,8}(\.[0-9]{1,4})?$"
DAY = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
#: What a spreadsheet makes of a long number.
SPREADSHEET_NUMBER = r"^[0-9](\.[0-9]+)?[Ee]\+[0-9]+$"
#: Different in every line.
NUMBERS = ("order", "reference")
#: What normalising leaves as it is: ASCII without blanks, and no apostrophe in front.
PLAIN_NUMBER = r"^[!-&(-~][!-~]*$"
#: As many broken lines are named.
FAULTS = 100


class Columns(NamedTuple):
    """Where our columns stand in the file, and their headers there."""

    places: dict[str, int]
    headers: dict[str, str]
    width: int


def read_statement(data: bytes, *, encoding: str, mapping: Mapping[str, Any], month: date) -> pl.DataFrame:
    """The lines: line, order, reference, sku, state (texts, null where blank) and amount (decimal, four places).

    Raises StatementFileError, which names the first hundred broken lines.
    """
    columns = find_columns(_header(data, encoding), mapping)
    texts = _texts(data, encoding, columns)
    frame = texts.with_columns(_normal(texts[name]) for name in columns.places)
    frame = frame.with_columns(pl.lit(None, pl.String).alias(name) for name in HEADERS if name not in columns.places)
    if frame["order"].has_nulls():
        frame = frame.filter(pl.any_horizontal(pl.col(name).is_not_null() for name in columns.places))
    words = {**STATES, **mapping.get("states", {})}
    frame = frame.with_columns(
        _by_value(frame["state"], lambda values: _states(values, words)), frame["state"].alias("their_state")
    )
    faults = list(_faults(frame, columns, month))
    if faults:
        raise StatementFileError(sorted(faults)[:FAULTS])
    amount = _by_value(frame["amount"], lambda values: values.str.to_decimal(scale=4).cast(pl.Decimal(18, 4)))
    return frame.select("line", "order", "reference", "sku", "state", amount)


def _normal(column: pl.Series) -> pl.Series:
    """The column normalised."""
    if column.name not in NUMBERS:
        return _by_value(column, normalised)
    # Nothing changes in most numbers, and looking once is cheaper than looking for each change.
    if column.str.contains(PLAIN_NUMBER).all():
        return column
    return normalised(column).alias(column.name)


def _states(values: pl.Series, words: Mapping[str, str]) -> pl.Series:
    """Our states for the partner's words, null where blank; "?" for a word that is unknown."""
    return values.str.to_lowercase().replace_strict({**words, None: None}, default="?", return_dtype=pl.String)


def _by_value(column: pl.Series, function: Callable[[pl.Series], pl.Series]) -> pl.Series:
    """What a function makes of the column; one of few values, as most are, by its values."""
    values = column.unique()
    if 4 * values.len() > column.len():
        return function(column).alias(column.name)
    found = function(values)
    if found.dtype == column.dtype and found.eq_missing(values).all():
        return column
    return column.replace_strict(values, found, return_dtype=found.dtype)


def _header(data: bytes, encoding: str) -> list[str]:
    records = read_records(io.BytesIO(data), encoding)
    first = next(records, None)
    if first is None:
        raise StatementFileError([StatementFault(1, "", "", _("the file is empty"))])
    return [cell.strip().lstrip("\ufeff") for cell in first.cells]


def find_columns(header: list[str], mapping: Mapping[str, Any]) -> Columns:
    """The places of our columns. StatementFileError for a header that is unknown, there twice, or missing."""
    known = {name: name for name in HEADERS}
    known.update({synonym: name for name, synonyms in HEADERS.items() for synonym in synonyms})
    known.update({str(theirs).strip().lower(): ours for theirs, ours in mapping.get("columns", {}).items()})
    places: dict[str, int] = {}
    faults = []
    for place, text in enumerate(header):
        name = known.get(text.lower())
        if name is None or (name and name not in HEADERS):
            faults.append(StatementFault(1, text, text, _("a known column, or one that the partner's mapping names")))
        elif name in places:
            faults.append(StatementFault(1, text, text, _("one column only that is “%(name)s”") % {"name": name}))
        elif name:
            places[name] = place
    faults += [
        StatementFault(1, name, "", _("a column “%(name)s”") % {"name": name}) for name in REQUIRED
        if name not in places
    ]
    if faults:
        raise StatementFileError(faults)
    return Columns(places, {name: header[place] for name, place in places.items()}, len(header))


def _texts(data: bytes, encoding: str, columns: Columns) -> pl.DataFrame:
    """The cells of our columns, as they stand in the file, with the number of their line."""
    if encoding not in ("utf-8", "utf-8-sig"):
        data = data.decode(encoding).encode()
    try:
        frame = pl.read_csv(
            data, has_header=False, skip_rows=0, infer_schema=False, raise_if_empty=False,
            columns=list(columns.places.values()), row_index_name="line", row_index_offset=1,
        )
    except PolarsError:
        raise _ragged(data, columns) from None
    read = dict(zip(sorted(columns.places, key=columns.places.__getitem__), frame.columns[1:], strict=True))
    frame = frame.rename({theirs: ours for ours, theirs in read.items()}).slice(1)
    return frame.with_columns(pl.col("line").cast(pl.Int64))


def _ragged(data: bytes, columns: Columns) -> StatementFileError:
    """Which line has more or fewer cells than the header; FileRefusedError where quotes do not match."""
    for number, record in enumerate(read_records(io.BytesIO(data), "utf-8-sig"), 1):
        if len(record.cells) != columns.width:
            cells = str(len(record.cells))
            return StatementFileError([
                StatementFault(number, "", cells, _("%(count)s cells, as the header has") % {"count": columns.width})
            ])
    return StatementFileError([StatementFault(1, "", "", _("a CSV file"))])


def _faults(frame: pl.DataFrame, columns: Columns, month: date) -> Iterable[StatementFault]:
    """What is wrong, rule by rule."""
    values: dict[str, pl.DataFrame] = {}
    for name, is_wrong, expected in _rules(month):
        if name not in columns.places and name not in REQUIRED:
            continue
        # A rule is about its own column: that no value breaks it is soon said.
        if name not in values:
            values[name] = frame.select(name if name in NUMBERS else pl.col(name).unique())
        if not values[name].select(is_wrong.any()).item():
            continue
        # The word as it was read, not what became of it.
        shown = "their_state" if name == "state" else name
        found = frame.filter(is_wrong).select("line", shown).head(FAULTS)
        for line, value in found.iter_rows():
            yield StatementFault(line, columns.headers[name], value or "", expected)


def _rules(month: date) -> list[tuple[str, pl.Expr, str]]:
    """Column, what is wrong in it, and what was expected. Null is not wrong unless it is required."""
    next_month = date(month.year + month.month // 12, month.month % 12 + 1, 1)
    day, its_month = pl.col("started_on"), pl.col("month")
    return [
        *((name, pl.col(name).is_null(), _("a value")) for name in REQUIRED),
        *((name, pl.col(name).str.len_chars() > length, _("%(length)s characters at most") % {"length": length})
          for name, length in LENGTHS.items()),
        ("order", pl.col("order").str.contains(SPREADSHEET_NUMBER), _("a number that no spreadsheet has shortened")),
        ("amount", ~pl.col("amount").str.contains(AMOUNT),
         _("an amount in yuan that is not negative, with four decimals at most")),
        ("state", pl.col("state") == "?", ", ".join(sorted(set(STATES.values())))),
        ("currency", pl.col("currency") != CURRENCY, CURRENCY),
        *((name, ~pl.col(name).str.contains(DAY) | pl.col(name).str.to_date("%Y-%m-%d", strict=False).is_null()
           & pl.col(name).is_not_null(), _("a day such as 2027-01-15")) for name in ("started_on", "ended_on")),
        ("started_on", day.str.contains(DAY) & (day >= next_month.isoformat()),
         _("a day before %(day)s") % {"day": next_month}),
        ("month", ~its_month.str.starts_with(f"{month:%Y-%m}") & (its_month != f"{month:%Y%m}"), f"{month:%Y-%m}"),
    ]

"""Checking a block of records: from cells to typed values and faults, a column at a time."""

from collections.abc import Sequence
from typing import NamedTuple

import polars as pl

from operations.imports.exports import CLEAR_MARKS, FRAMED, GUARDED
from operations.imports.fields import ImportField
from operations.imports.reader import Record
from operations.imports.widgets import Folding, is_whole
from operations.masking import MASKED
from operations.widths import FULL_WIDTH

#: Characters that NFKC may change. Most cells have none, and normalising is what costs most.
MAY_CHANGE = r"[^\x00-\x7F\u3001\u3002\u4E00-\u9FFF]"


#: Marks at the ends of a text that nobody sees, such as a zero-width space: a name of them alone is blank.
UNSEEN = r"^[\p{Cf}\s]+|[\p{Cf}\s]+$"


class Layout(NamedTuple):
    """The columns of a file, in the file's order, up to the last that has a header; `width` counts all cells."""

    fields: list[ImportField | None]
    width: int
    #: The headers as they stand in the file: what a fault names, so that it is found there.
    names: Sequence[str] = ()

    @property
    def places(self) -> list[tuple[int, ImportField]]:
        """The columns that are read, with their place."""
        return [(place, field) for place, field in enumerate(self.fields) if field is not None]

    def column_names(self) -> dict[str, ImportField]:
        """Fields of the file by the name of their staging column."""
        return {field.staged: field for _place, field in self.places}

    def headers(self) -> dict[str, str]:
        """The file's header of each field, by the name of its staging column."""
        return {
            field.staged: self.names[place].strip() if self.names else field.headers[0] for place, field in self.places
        }

    def odd_counts(self, block: Sequence[Record]) -> list[int | None]:
        """The number of cells of each row where it is not the header's, null where it is.

        Where the header ends in blank cells, so may the rows, but what stands below them belongs to no column.
        """
        named = len(self.fields)
        if named == self.width:
            return [None if len(record.cells) == named else len(record.cells) for record in block]
        return [
            None if len(record.cells) >= named and not any(map(str.strip, record.cells[named:])) else len(record.cells)
            for record in block
        ]


def frame_of(block: Sequence[Record], layout: Layout) -> pl.DataFrame:
    """`line`, `cells` (their number, where it is not the header's) and `raw:<field>` columns, as read.

    Which cell of a ragged row belongs to which column is not known, so it has none.
    """
    counts = layout.odd_counts(block)
    blank = [""] * len(layout.fields)
    rows = [record.cells if count is None else blank for record, count in zip(block, counts, strict=True)]
    # The shortest row ends where the headers end.
    columns = list(zip(*rows, strict=False))
    data = {f"raw:{field.staged}": pl.Series(columns[place], dtype=pl.String) for place, field in layout.places}
    lines = pl.Series([record.line for record in block], dtype=pl.Int64)
    cells = pl.Series(counts, dtype=pl.Int32)
    return pl.DataFrame({"line": lines, "cells": cells, **data, **_faults_as_read(block, layout)})


def _faults_as_read(block: Sequence[Record], layout: Layout) -> dict[str, pl.Series]:
    """`read:<field>` and `says:<field>` of the columns in which a cell of a workbook could not be told for certain."""
    found = {place for record in block if record.faults for place in record.faults}
    columns = {}
    for place, field in layout.places:
        if place in found:
            faults = [record.faults.get(place) for record in block]
            codes, expected = [fault and fault.code for fault in faults], [fault and fault.expected for fault in faults]
            columns[f"read:{field.staged}"] = pl.Series(codes, dtype=pl.String)
            columns[f"says:{field.staged}"] = pl.Series(expected, dtype=pl.String)
    return columns


def normalised(column: pl.Series, folding: Folding = Folding.NFKC) -> pl.Series:
    """Folded, trimmed, null when blank; what guards a formula or frames a code is taken off."""
    if column.str.starts_with("'").any():
        column = column.str.replace(GUARDED, "$1")
    if column.str.starts_with('="').any():
        column = column.str.replace(FRAMED, "$1")
    odd = column.str.contains(MAY_CHANGE)
    if odd.any():
        folded = _folded(column.filter(odd), folding)
        column = column.clone().scatter(odd.arg_true(), folded)
    trimmed = column.str.strip_chars()
    return trimmed.set(trimmed == "", None)


def _folded(texts: pl.Series, folding: Folding) -> pl.Series:
    """The texts in their form, without unseen marks at their ends; prose keeps those, unless it is nothing else."""
    trimmed = texts.str.replace_all(UNSEEN, "")
    if folding is Folding.NONE:
        return texts.set(trimmed == "", "")
    if folding is Folding.WIDTH:
        return texts.str.replace_many(FULL_WIDTH).str.replace_all(UNSEEN, "")
    return texts.str.normalize("NFKC").str.replace_all(UNSEEN, "")


def check_columns(frame: pl.DataFrame, layout: Layout) -> pl.DataFrame:
    """Add for each field its value under its staging name, `fault:<field>`, and `clears` (fields marked "-")."""
    fields = layout.column_names()
    texts = frame.with_columns(
        normalised(frame[f"raw:{name}"], field.widget.folding).alias(f"text:{name}") for name, field in fields.items()
    )
    marks = texts.with_columns(
        pl.col(f"text:{name}").is_in(CLEAR_MARKS).fill_null(False).alias(f"clear:{name}") for name in fields
    )
    bare = marks.with_columns(
        pl.when(~pl.col(f"clear:{name}")).then(pl.col(f"text:{name}")).alias(f"text:{name}") for name in fields
    )
    judged = bare.with_columns(
        *(_fault(name, field, frame).alias(f"fault:{name}") for name, field in fields.items()),
        _clears(fields).alias("clears"),
    )
    checked = judged.with_columns(
        pl.when(pl.col(f"fault:{name}").is_null()).then(field.widget.value(pl.col(f"text:{name}"))).alias(name)
        for name, field in fields.items()
    )
    return checked.drop([f"text:{name}" for name in fields] + [f"clear:{name}" for name in fields])


def _fault(name: str, field: ImportField, frame: pl.DataFrame) -> pl.Expr:
    """The field's fault code: that of reading the cell, else what its value breaks."""
    broken = _value_fault(name, field)
    if f"read:{name}" not in frame.columns:
        return broken
    read = pl.col(f"read:{name}")
    return pl.when(read.is_not_null()).then(read).otherwise(broken)


def _value_fault(name: str, field: ImportField) -> pl.Expr:
    """What the widget says, and what a required field asks for."""
    text = pl.col(f"text:{name}")
    broken = field.widget.fault(text)
    if field.is_personal:
        broken = pl.when(is_whole(text, MASKED[field.is_personal])).then(pl.lit("masked_value")).otherwise(broken)
    if not field.is_required:
        return broken
    return (
        pl.when(pl.col(f"clear:{name}")).then(pl.lit("cannot_clear"))
        .when(text.is_null()).then(pl.lit("required"))
        .otherwise(broken)
    )


def _clears(fields: dict[str, ImportField]) -> pl.Expr:
    """The names of the fields that the row clears, as an array literal; null when there are none."""
    names = [
        pl.when(pl.col(f"clear:{name}")).then(pl.lit(name)) for name, field in fields.items() if not field.is_required
    ]
    joined = pl.concat_str(names, separator=",", ignore_nulls=True) if names else pl.lit("")
    return pl.when(joined != "").then("{" + joined + "}")


def collect_faults(frame: pl.DataFrame, layout: Layout, expected: dict[str, pl.Expr]) -> pl.DataFrame:
    """Replace the fault columns by `faults`, a JSON array (null where the row is right).

    `expected` gives, by "field:code", what a message says was expected where the widget does not know it.
    """
    parts = [_ragged(layout)]
    headers = layout.headers()
    for name, field in layout.column_names().items():
        code = pl.col(f"fault:{name}")
        says = pl.lit(field.widget.expected)
        for key, expression in expected.items():
            field_name, _colon, known_code = key.partition(":")
            if field_name == name:
                says = pl.when(code == known_code).then(expression).otherwise(says)
        if f"says:{name}" in frame.columns:
            says = pl.coalesce(f"says:{name}", says)
        broken = code.is_not_null() & pl.col("cells").is_null()
        parts.append(pl.when(broken).then(_fault_json(headers[name], pl.col(f"raw:{name}"), code, says, name)))
    joined = pl.concat_str(parts, separator=",", ignore_nulls=True)
    faults = pl.when(joined != "").then("[" + joined + "]").alias("faults")
    dropped = [name for name in frame.columns if name.startswith(("fault:", "raw:", "read:", "says:"))]
    return frame.with_columns(faults).drop([*dropped, "cells"])


def _ragged(layout: Layout) -> pl.Expr:
    """The one fault of a row whose number of cells is not the header's."""
    fault = _fault_json("", pl.col("cells").cast(pl.String), pl.lit("ragged_row"), pl.lit(str(len(layout.fields))))
    return pl.when(pl.col("cells").is_not_null()).then(fault)


def _fault_json(column: str, value: pl.Expr, code: pl.Expr, expected: pl.Expr, field: str = "") -> pl.Expr:
    return pl.struct(
        pl.lit(column).alias("column"), value.alias("value"), code.alias("code"), expected.alias("expected"),
        pl.lit(field).alias("field"),
    ).struct.json_encode()

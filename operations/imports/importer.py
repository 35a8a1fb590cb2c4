"""What an upper floor declares to have its spreadsheets imported."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, BinaryIO, NamedTuple

import polars as pl
from django.db.models import Model
from django.utils.functional import Promise
from import_export.resources import ModelResource

from operations.approvals import Measure
from operations.imports.checking import Layout
from operations.imports.exports import csv_lines
from operations.imports.faults import Fault
from operations.imports.fields import ImportField
from operations.imports.widgets import RecordWidget
from operations.masking import MASKS
from operations.models import ImportBatch, StagedRow


@dataclass(frozen=True)
class CrossCheck:
    """Faults that need more than one column, and what their messages say was expected.

    `faults` are columns named `fault:<field>` that fill in where the field itself is right; `expected` gives
    the text by "field:code".
    """

    faults: Sequence[pl.Expr] = ()
    expected: dict[str, pl.Expr] = field(default_factory=dict)


class SampleColumn(NamedTuple):
    """A column of an import, explained."""

    header_zh: str
    header_en: str
    required: bool
    hint: str


class Importer:
    """A kind of file. The engine calls the methods below in this order; each may be called again.

    All of them act on the staging rows of one batch, and those that take `first` and `last` on the lines of
    that range, both included.
    """

    name: str
    label: str | Promise
    permission: str
    resource: type[ModelResource]
    staged: type[StagedRow]
    #: The business tables that the import writes.
    written: tuple[type[Model], ...]
    #: The staging column that names a row to people.
    label_column: str
    #: Why imports of this kind are not undone, in words; empty where they are.
    why_no_undo: str | Promise = ""
    #: Whether its files hold secrets, so that no cell is quoted that may be one.
    is_secret: bool = False

    def columns(self) -> list[ImportField]:
        """The resource's columns, in its order."""
        return list(self.resource().get_import_fields())

    def records(self, *, on: date) -> dict[str, RecordWidget]:
        """By staged column, the records that may stand in it on that day, where a column has records."""
        return {}

    def fields(self, *, on: date) -> list[ImportField]:
        """The columns, with what may stand in them on that day."""
        fields, records = self.columns(), self.records(on=on)
        for column in fields:
            column.widget = records.get(column.staged, column.widget)
        return fields

    def show(self, field: ImportField, value: Any) -> str:
        """A staged value as an operator reads it: records by their names, personal data masked."""
        if isinstance(field.widget, RecordWidget):
            return field.widget.name(value)
        return MASKS[field.is_personal](str(value)) if field.is_personal else str(value)

    def show_change(self, field: ImportField, text: str) -> str:
        """A value before or after a change, as `compare` noted it, as an operator reads it."""
        return text

    def masked(self, fault: Fault) -> Fault:
        """The fault with its value masked where its column holds personal data."""
        kind = next((column.is_personal for column in self.columns() if column.staged == fault.field), "")
        return replace(fault, value=MASKS[kind](fault.value)) if kind else fault

    def handed_back(self, cell: str, staged: str | None, *, is_wrong: bool = False) -> str:
        """A cell of an invalid row as the error file shows it; `staged` None: of a row that does not fit the header.

        `is_wrong`: it is what is wrong with the row.
        """
        return cell

    def sample_columns(self) -> list[SampleColumn]:
        """The columns, as the upload page explains them."""
        return [
            SampleColumn(column.headers[0], column.headers[1], column.is_required, str(column.hint))
            for column in self.columns()
        ]

    def write_template(self, out: BinaryIO, language: str) -> None:
        """A CSV file with the header and nothing else, to be filled in."""
        header = [column.header(language) for column in self.columns()]
        out.writelines(csv_lines(header, []))

    def cross_check(self, layout: Layout, *, on: date) -> CrossCheck:
        """Rules over several columns of one row."""
        return CrossCheck()

    def approval_measures(self, batch: ImportBatch) -> list[Measure]:
        """What a confirmation is weighed by besides its rows; what there is nothing of is left out."""
        return []

    def notes(self, batch: ImportBatch) -> list[str]:
        """What confirming a preview does besides writing its rows, in words."""
        return []

    def resolve_file(self, batch: ImportBatch) -> None:
        """Set verdict and faults of rows that meet other rows of the same file (duplicates, conflicts)."""
        raise NotImplementedError

    def compare(self, batch: ImportBatch, *, on: date, is_preview: bool) -> None:
        """Set verdict, object_id and faults of rows that meet business rows, by what holds on that day.

        For a preview, also note the changed rows as ImportRows, with what will change and what was before.
        """
        raise NotImplementedError

    def apply(self, batch: ImportBatch, first: int, last: int, *, on: date) -> tuple[int, int]:
        """Write the new and changed rows of a range; (applied, left out because they changed since the preview)."""
        raise NotImplementedError

    def undo(self, batch: ImportBatch, first: int, last: int) -> tuple[int, int]:
        """Take the applied rows of a range back; (undone, kept because something depends on them).

        Never called where `why_no_undo` says why not.
        """
        raise NotImplementedError

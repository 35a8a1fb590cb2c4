"""Columns of an import, as django-import-export fields that can also check a whole column at once."""

from decimal import Decimal
from typing import Any

from import_export.fields import Field

from operations.imports.exports import Cell, guard_formula
from operations.imports.widgets import TextWidget
from operations.masking import MASKS


class ImportField(Field):
    """A column: its headers in both languages, its widget, and where it stands in the staging table.

    `staged` names the field of the staging row, `headers` the Chinese and the English header (others may
    follow); `is_personal` values are masked wherever they are shown.
    """

    widget: TextWidget

    def __init__(
        self, *, staged: str, headers: tuple[str, ...], widget: TextWidget, is_required: bool = False,
        is_personal: str = "", hint: Any = "", **options: Any,
    ) -> None:
        super().__init__(column_name=headers[0], widget=widget, **options)
        self.staged = staged
        self.headers = headers
        self.is_required = is_required
        self.is_personal = is_personal
        self.hint = hint

    def header(self, language: str) -> str:
        """The header in a language."""
        return self.headers[0] if language.startswith("zh") else self.headers[1]

    def export(self, instance: Any, **kwargs: Any) -> str:
        """The cell of an export: personal data masked, formulas guarded."""
        return guard_formula(self.words(instance))

    def cell(self, instance: Any) -> Cell:
        """The same for a file of ours, which guards texts itself: a number is one."""
        words = self.words(instance)
        return Decimal(words) if words and self.widget.is_number else words

    def words(self, instance: Any) -> str:
        """What the column says of a record, personal data masked."""
        words = str(super().export(instance))
        return MASKS[self.is_personal](words) if self.is_personal else words

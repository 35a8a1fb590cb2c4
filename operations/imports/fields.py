"""Columns of an import, as django-import-export fields that can also check a whole column at once."""

from typing import Any

from import_export.fields import Field

from operations.imports.exports import guard_formula
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
        cell = str(super().export(instance, **kwargs))
        return guard_formula(MASKS[self.is_personal](cell) if self.is_personal else cell)

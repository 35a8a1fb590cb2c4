"""A programme's profit and loss as files: lines by months."""

from collections.abc import Callable, Iterator
from datetime import date

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from memberships.profit import Side
from memberships.services.profit_tables import ProfitTable, all_lines
from operations.imports.exports import csv_lines
from operations.sheets import CONTENT_TYPE, Cell, Sheet

Row = list[Cell]


def line_label(code: str) -> str:
    """A line in words; its code when nobody has it any more."""
    return next((str(line.label) for line in all_lines() if line.code == code), code)


def month_label(month: date) -> str:
    """A month, which stands as its first day, as people write it."""
    return str(date_format(month, "YEAR_MONTH_FORMAT"))


def profit_csv(table: ProfitTable) -> bytes:
    """As spreadsheets read it: UTF-8 with a byte order mark."""
    return b"".join(csv_lines(_header(table), _rows(table)))


def profit_xlsx(table: ProfitTable) -> bytes:
    """A workbook of one sheet."""
    sheet = Sheet(_("Does it pay"), [14, 36, 12, *(14 for _month in table.months), 16])
    sheet.write([str(table.programme), _("Profit and loss (CNY)")], is_bold=True)
    sheet.write(_header(table), is_bold=True)
    for row in _rows(table):
        sheet.write(row, is_bold=not row[0])
    return sheet.file()


def _header(table: ProfitTable) -> list[str]:
    return [
        _("Kind"), pgettext("profit and loss", "Line"), _("Funder"), *map(month_label, table.months),
        pgettext("profit and loss", "Total"),
    ]


def _rows(table: ProfitTable) -> Iterator[Row]:
    """The lines by side, and the result after the costs."""
    for side in Side:
        for row in table.of_side(side):
            yield [str(side.label), str(row.line.label), str(row.funder.label), *row.cells]
        if side == Side.COST:
            yield ["", _("Result"), "", *table.results]


FILES: dict[str, tuple[str, Callable[[ProfitTable], bytes]]] = {
    "xlsx": (CONTENT_TYPE, profit_xlsx),
    "csv": ("text/csv; charset=utf-8", profit_csv),
}

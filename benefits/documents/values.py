"""A value statement as PDF, as a spreadsheet and as CSV: sums, each benefit, what is left, plans, and every line."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from django.utils.translation import gettext as _

from benefits.documents.words import SOURCES, advice, plan_name, verdict, why
from benefits.services.values import Statement
from credit.documents import layout
from operations.imports.exports import csv_lines
from operations.sheets import Cell, Sheet

Rows = list[list[Cell]]


class Part(NamedTuple):
    """A table of a statement; `widths` are shares of the paper, amounts stand in the columns from `numbers` on."""

    title: str
    header: list[str]
    rows: Rows
    widths: Sequence[float]
    numbers: range


def value_pdf(statement: Statement) -> bytes:
    """The statement on paper."""
    content = [
        layout.text(_("Value statement"), "title"),
        layout.facts((label, layout.shown(value)) for label, value in about(statement)),
        layout.gap(3), layout.text(verdict(statement)), layout.text(advice(statement)),
    ]
    for part in (by_benefit(statement), by_left(statement), by_plan(statement), by_line(statement)):
        if part.rows:
            rows = ([layout.shown(cell) for cell in row] for row in part.rows)
            content.append(layout.text(part.title, "heading"))
            content.append(layout.table(part.header, rows, widths=part.widths, numbers=part.numbers))
    return layout.pdf(f"{_('Value statement')} {file_name(statement)}", content)


def value_xlsx(statement: Statement) -> bytes:
    """The same as a spreadsheet."""
    sheet = Sheet(_("Value statement"), (22, 26, 20, 22, 16, 16, 16, 16))
    sheet.write([_("Value statement")], is_bold=True)
    for label, value in about(statement):
        sheet.write([label, value])
    sheet.write([verdict(statement)])
    sheet.write([advice(statement)])
    for part in (by_benefit(statement), by_left(statement), by_plan(statement), by_line(statement)):
        sheet.write([])
        sheet.write([part.title], is_bold=True)
        sheet.write(part.header, is_bold=True)
        for row in part.rows:
            sheet.write(row)
    return sheet.file()


def value_csv(statement: Statement) -> bytes:
    """Every line, as spreadsheets read it: UTF-8 with a byte order mark."""
    part = by_line(statement)
    return b"".join(csv_lines(part.header, part.rows))


FILES: dict[str, tuple[str, Callable[[Statement], bytes]]] = {
    "pdf": ("application/pdf", value_pdf),
    "xlsx": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", value_xlsx),
    "csv": ("text/csv; charset=utf-8", value_csv),
}


def file_name(statement: Statement) -> str:
    """Without an ending."""
    return f"{statement.programme.code}-{statement.member.number}-{statement.sums.starts_on.isoformat()}"


def about(statement: Statement) -> list[tuple[str, Cell]]:
    """Whose statement, of which days, and what it comes to."""
    sums = statement.sums
    last = sums.term_until or statement.until
    return [
        (_("Member number"), statement.member.number),
        (_("Programme"), str(statement.programme)),
        (_("Plan"), str(statement.plan) if statement.plan else "–"),
        (_("Period"), _("%(first)s to %(last)s") % {"first": sums.starts_on, "last": last}),
        (_("As of"), statement.until),
        (_("Savings (CNY)"), sums.saved),
        (_("Fee (CNY)"), sums.fee),
        (_("Saved beyond the fee (CNY)"), sums.net),
        (_("Paid off on"), sums.break_even_on or "–"),
    ]


def by_benefit(statement: Statement) -> Part:
    """What came of each benefit."""
    rows: Rows = [
        [str(each.benefit), each.uses, each.reference, each.paid, each.saved, each.points]
        for each in statement.benefits
    ]
    header = [_("Benefit"), _("Uses"), _("Worth elsewhere"), _("Paid"), _("Saved"), _("Points")]
    return Part(_("Saved by benefit (CNY)"), header, rows, [0.34, 0.1, 0.16, 0.14, 0.14, 0.12], range(1, 6))


def by_left(statement: Statement) -> Part:
    """What was not used."""
    rows: Rows = [
        [str(each.benefit), each.units, each.open, each.until, each.value] for each in statement.left
    ]
    header = [_("Benefit"), _("Not used"), _("of which still to be used"), _("until"), _("Worth elsewhere")]
    return Part(_("Left unused (CNY)"), header, rows, [0.34, 0.14, 0.2, 0.16, 0.16], range(1, 5))


def by_plan(statement: Statement) -> Part:
    """The same uses by each plan."""
    rows: Rows = [
        [plan_name(each), each.fee, each.saved, each.net, why(each)] for each in statement.plans
    ]
    header = [_("Plan"), _("Fee"), _("Saved"), _("Saved beyond the fee"), _("Why")]
    return Part(_("The same uses by each plan (CNY)"), header, rows, [0.22, 0.12, 0.12, 0.14, 0.4], range(1, 4))


def by_line(statement: Statement) -> Part:
    """Every line, with the number of what it comes from."""
    names = {each.benefit.pk: str(each.benefit) for each in statement.benefits}
    rows: Rows = [
        [line.on, names[line.benefit_id], str(SOURCES[line.source_kind]), line.order_number or str(line.source_id),
         line.reference, line.paid, line.saved]
        for line in statement.lines
    ]
    header = [_("Day"), _("Benefit"), _("Source"), _("Number"), _("Worth elsewhere"), _("Paid"), _("Saved")]
    return Part(_("Every line (CNY)"), header, rows, [0.12, 0.22, 0.14, 0.18, 0.12, 0.11, 0.11], range(4, 7))

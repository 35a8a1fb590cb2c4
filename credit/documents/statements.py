"""A statement of account as PDF and as a spreadsheet."""

from collections.abc import Iterable

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from credit.documents import layout
from credit.errors import money
from credit.models import CreditEntry
from credit.services.ageing import Bucket
from credit.services.credit_statements import CreditStatement
from credit.terms.words import rule_in_words
from memberships.models import EnterpriseCustomer
from operations.sheets import Cell, Sheet

Kind = CreditEntry.Kind


def statement_pdf(statement: CreditStatement) -> bytes:
    """The statement on paper: who, what was owed and is, the ageing, and each movement."""
    return layout.pdf(_title(statement), [
        layout.text(_("Statement of account"), "title"),
        layout.facts((label, layout.shown(value)) for label, value in about(statement)),
        layout.text(_("Summary"), "heading"),
        layout.facts((label, layout.shown(value)) for label, value in summary(statement)),
        layout.text(_("Ageing of what is open on %(day)s (CNY)") % {"day": statement.last}, "heading"),
        layout.table(
            _buckets(), [[money(amount) for amount in (*statement.aged.buckets, statement.aged.total)]],
            widths=[1 / 6] * 6, numbers=range(6),
        ),
        layout.text(_("Movements (CNY)"), "heading"),
        layout.table(
            headers(), ([layout.shown(cell) for cell in row] for row in movement_rows(statement)),
            widths=[0.11, 0.11, 0.22, 0.17, 0.11, 0.14, 0.14], numbers=(5, 6),
        ),
    ])


def statement_xlsx(statement: CreditStatement) -> bytes:
    """The same as a spreadsheet: amounts are numbers, days are days, and nothing that somebody wrote is a formula."""
    sheet = Sheet(_("Statement of account"), (22, 18, 28, 28, 14, 16, 16))
    sheet.write([_("Statement of account")], is_bold=True)
    for label, value in [*about(statement), *summary(statement)]:
        sheet.write([label, value])
    sheet.write([])
    sheet.write([_("Ageing"), *_buckets()], is_bold=True)
    sheet.write([statement.last, *statement.aged.buckets, statement.aged.total])
    sheet.write([])
    sheet.write(headers(), is_bold=True)
    for row in movement_rows(statement):
        sheet.write(row)
    return sheet.file()


def about(statement: CreditStatement) -> list[tuple[str, Cell]]:
    """Whose statement it is, and on which terms."""
    line, programme = statement.line, statement.line.programme
    firm = EnterpriseCustomer.objects.filter(member=line.member_id).first()
    is_chinese = (get_language() or "").startswith("zh")
    return [
        (_("Customer"), firm.legal_name if firm else ""),
        (_("Unified social credit code"), firm.credit_code if firm else ""),
        (_("Member number"), line.member.number),
        (_("Programme"), programme.name if is_chinese else programme.name_en),
        (_("Period"), _("%(first)s to %(last)s") % {"first": statement.first, "last": statement.last}),
        (_("Terms"), rule_in_words(statement.terms) if statement.terms else ""),
        (_("Credit limit (CNY)"), statement.limit),
    ]


def summary(statement: CreditStatement) -> list[tuple[str, Cell]]:
    """From the opening balance to the closing one (CNY)."""
    rows = [
        (_("Opening balance (CNY)"), statement.opening),
        (_("Invoices (CNY)"), statement.sum_of(Kind.INVOICE)),
        (_("Late fees (CNY)"), statement.sum_of(Kind.LATE_FEE)),
        (_("Credit notes (CNY)"), statement.sum_of(Kind.CREDIT_NOTE)),
        (
            _("Receipts, less those taken back (CNY)"),
            statement.sum_of(Kind.RECEIPT, Kind.BOUNCE, Kind.RECLAIM, Kind.UNMATCH),
        ),
        (_("Paid back (CNY)"), statement.sum_of(Kind.REFUND)),
        (_("Written off (CNY)"), statement.sum_of(Kind.WRITE_OFF, Kind.RECOVER)),
        (_("Closing balance (CNY)"), statement.closing),
        (_("of which unapplied credit (CNY)"), -statement.unapplied),
    ]
    return [(label, amount) for place, (label, amount) in enumerate(rows) if amount or place in (0, 1, 4, 7)]


def headers() -> list[str]:
    """Of the movements."""
    return [_("Day"), _("Kind"), _("Number"), _("Reference"), _("Due on"), _("Amount"), _("Balance")]


def movement_rows(statement: CreditStatement) -> Iterable[list[Cell]]:
    """The opening balance, each movement, the closing balance."""
    yield [statement.first, _("opening balance"), "", "", None, None, statement.opening]
    for move in statement.movements:
        yield [move.on, str(move.kind.label), move.number, move.note, move.due_on, move.amount, move.balance]
    yield [statement.last, _("closing balance"), "", "", None, None, statement.closing]


def _buckets() -> list[str]:
    return [*(str(label) for label in Bucket.labels), _("total")]


def _title(statement: CreditStatement) -> str:
    return f"{_('Statement of account')} {statement.line.member.number} {statement.first:%Y-%m}"

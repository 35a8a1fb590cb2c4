"""A confirmation of balance (对账函) on paper: what is asked, and a slip for the answer."""

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from credit.documents import layout
from credit.errors import money
from credit.models import BalanceConfirmation
from memberships.models import EnterpriseCustomer


def confirmation_pdf(confirmation: BalanceConfirmation) -> bytes:
    """The letter, of what the books said on its day."""
    line = confirmation.line
    firm = EnterpriseCustomer.objects.filter(member=line.member_id).first()
    owed = confirmation.open_amount - confirmation.unapplied_amount
    is_chinese = (get_language() or "").startswith("zh")
    programme = line.programme.name if is_chinese else line.programme.name_en
    letter = _(
        "By our books, you owed %(amount)s CNY on your credit line with %(programme)s at the end of %(day)s. Please"
        " compare this with yours, fill in the slip below, stamp it and send it back. This letter only compares the"
        " books; it is no demand for payment."
    ) % {"amount": money(owed), "programme": programme, "day": confirmation.as_of}
    return layout.pdf(name_of(confirmation), [
        layout.text(_("Confirmation of balance"), "title"),
        layout.text(_("To: %(firm)s") % {"firm": firm.legal_name if firm else line.member.number}),
        layout.gap(3), layout.text(letter), layout.gap(4),
        layout.facts([
            (_("Member number"), line.member.number),
            (_("Unified social credit code"), firm.credit_code if firm else ""),
            (_("As of"), confirmation.as_of), (_("Open invoices (CNY)"), money(confirmation.open_amount)),
            (_("Unapplied credit (CNY)"), money(confirmation.unapplied_amount)), (_("Balance (CNY)"), money(owed)),
            (_("Asked on"), confirmation.asked_on),
        ]),
        layout.text(_("Answer"), "heading"),
        layout.text("□ " + _("The balance agrees with our books.")), layout.gap(3),
        layout.text("□ " + _("The balance does not agree. By our books it is: ____________________ CNY")),
        layout.text(_("Reason of the difference: ________________________________________")), layout.gap(8),
        layout.text(_("Name and stamp: ____________________    Date: ____________________")),
    ])


def name_of(confirmation: BalanceConfirmation) -> str:
    """Of the file, without the ending."""
    return f"confirmation-{confirmation.line.member.number}-{confirmation.as_of}"

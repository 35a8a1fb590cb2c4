"""Less of an invoice is owed: what is open goes first, and of what was paid the rest is the firm's again."""

from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from credit.credit_note_approvals import CREDIT_INVOICE, offer_credit_note
from credit.errors import CreditNoteError, DrawError, ReasonMissingError, TwoPeopleError
from credit.models import CreditEntry, CreditNote
from credit.services.invoices import credit_invoice
from credit.services.receipts import bounce_receipt
from credit.services.write_offs import write_off
from operations.approvals import Outcome
from operations.errors import ApprovalError, KeyConflictError
from operations.models import Approval, User
from operations.services.approvals import approve, requests_about
from tests.credit.credit_stories import DAY, TODAY, a_line, an_invoice, fresh, morning
from tests.credit.draw_stories import credited, entered, figures, when
from tests.credit.receipt_stories import allocations, differences, outstanding, paid_by
from tests.memberships.admin_pages import granted, may_alone
from tests.memberships.factories import an_operator

pytestmark = pytest.mark.django_db
WHEN: dict[str, Any] = {"on": TODAY, "at": morning(TODAY)}


def test_note_lowers_an_open_invoice_and_gives_back_what_was_paid_the_latest_first() -> None:
    line = a_line(1_000)
    invoice = entered(line, 900)
    first, second = paid_by(line, 300), paid_by(line, 400)
    note = credited(invoice, 150, key="n", number="CN-1")
    assert (note.unapplied, outstanding(invoice)) == (0, [50]) and figures(line) == [50, 0, 950]
    note = credited(invoice, 500, on=TODAY + DAY)
    assert (note.unapplied, outstanding(invoice)) == (450, [0])
    assert (allocations(first), allocations(second)) == ({invoice.number: 250}, {})
    assert (fresh(line).unapplied_amount, figures(line)) == (450, [0, 0, 1_000])
    assert credited(invoice, 150, key="n") == CreditNote.objects.get(number="CN-1")
    with pytest.raises(KeyConflictError):
        credited(invoice, 149, key="n")
    with pytest.raises(KeyConflictError, match="reason"):
        credited(invoice, 150, key="n", reason="另一个原因")
    with pytest.raises(DrawError):
        credited(invoice, 1, number="CN202701-7")
    with pytest.raises(CreditNoteError, match="250"):
        credited(invoice, "250.01")
    with pytest.raises(DrawError):
        credited(invoice, 0)
    with pytest.raises(ReasonMissingError):
        credited(invoice, 1, reason=" ")
    # A receipt that bounces then reopens what it still paid, and no more.
    bounce_receipt(first, reason="退票", **when(TODAY + DAY))
    assert outstanding(invoice) == [250] and fresh(line).unapplied_amount == 400
    assert differences() == []


def test_what_was_written_off_is_not_credited() -> None:
    line = a_line(1_000)
    invoice = an_invoice(line, 500)
    write_off(invoice, Decimal(200), key="w", reason="坏账", **when(TODAY))
    with pytest.raises(CreditNoteError, match="300"):
        credited(invoice, "300.01")
    credited(invoice, 300)
    assert outstanding(invoice) == [0] and differences() == []


@pytest.fixture
def controller() -> User:
    user = granted(an_operator(), "credit.invoice_credit", "operations.decide_approval", "credit.view_invoice")
    return may_alone(user, CREDIT_INVOICE, 100)


def test_note_over_the_limit_takes_two_people(controller: User) -> None:
    checker = granted(an_operator("laowang"), "operations.decide_approval", "credit.view_invoice")
    invoice = entered(a_line(1_000), 900)
    asked: dict[str, Any] = {"actor": controller, "reason": "退货", **WHEN}
    offer_credit_note(invoice, Decimal(100), key="a", **asked)
    # All that is credited of an invoice counts, in however many notes.
    request = offer_credit_note(invoice, Decimal("100.01"), key="b", **asked)
    assert isinstance(request, Approval) and list(requests_about(invoice)) == [request]
    assert request.amount == Decimal("200.01")
    assert isinstance(offer_credit_note(invoice, Decimal("0.01"), key="e", **asked), Approval)
    # And all that who asks credited alone that day, of whatever invoices; the next day, of another one, they may again.
    other, tomorrow = entered(invoice.line, 50), TODAY + DAY
    assert isinstance(offer_credit_note(other, Decimal(1), key="d", **asked), Approval)
    asked |= {"on": tomorrow, "at": morning(tomorrow)}
    assert isinstance(offer_credit_note(other, Decimal(2), key="f", **asked), Outcome)
    # What waits is the same request on a later day.
    assert offer_credit_note(invoice, Decimal("100.01"), key="b", **asked) == request
    with pytest.raises(KeyConflictError):
        offer_credit_note(invoice, Decimal("100.02"), key="b", **asked)
    with pytest.raises(ApprovalError):
        approve(request, checker=controller, decision="同意", **WHEN)
    assert fresh(invoice).credited == 100
    approve(request, checker=checker, decision="已核对", **WHEN)
    note = CreditNote.objects.get(key="b")
    entry = CreditEntry.objects.get(credit_note=note)
    assert (entry.actor, entry.checker, entry.approval) == (controller, checker, fresh(request))
    done = offer_credit_note(invoice, Decimal("100.01"), key="b", **asked)
    assert not isinstance(done, Approval) and done.data == {"credit_note": note.pk}
    with pytest.raises(TwoPeopleError):
        credit_invoice(
            invoice, Decimal(1), key="c", reason="x", actor=controller, checker=controller, approval=request, **WHEN
        )
    with pytest.raises(IntegrityError, match="creditentry_two_people"), transaction.atomic():
        CreditEntry.objects.create(
            line=invoice.line, member_id=invoice.member_id, key="raw", kind="invoice", debit="receivable",
            credit="sales", amount=1, invoice=invoice, actor=controller, checker=controller, **WHEN,
        )
    assert differences() == []

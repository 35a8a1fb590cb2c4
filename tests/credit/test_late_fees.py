"""Late fees: none by default; by rule one invoice a line and month, on the first of the next one."""

from datetime import date
from decimal import Decimal
from itertools import count
from typing import Any

import pytest
from django.contrib.auth.models import Permission

from credit.credit_note_approvals import offer_credit_note
from credit.errors import ReservedKeyError
from credit.models import CreditEntry, CreditLine, CreditNote, Invoice
from credit.pause_approvals import PauseOverdue
from credit.services.allocations import move_allocation
from credit.services.invoices import credit_invoice
from credit.services.overdue_pauses import pause_overdue
from credit.services.receipts import bounce_receipt, match_receipt, unmatch_receipt
from operations.models import Approval, RunItem, User
from operations.services.approvals import approve, ask
from operations.services.dry_runs import execute_dry_run, start_dry_run
from tests.credit.credit_stories import (
    DAY,
    NET_30,
    a_key,
    a_line,
    a_policy,
    an_approver,
    an_invoice,
    fresh,
    morning,
    paid,
)
from tests.credit.draw_stories import credited
from tests.credit.receipt_stories import differences, paid_by
from tests.memberships.factories import an_operator
from tests.memberships.night_stories import at_night, run_job, worked

RULE = {"daily_percent": "0.05", "free_days": 3, "cap_percent": "3"}
#: The last day to pay; in February it is overdue for eleven days, eight of which cost something.
DUE = date(2027, 2, 17)
_runs = count(1)
MARCH, APRIL, MAY = date(2027, 3, 1), date(2027, 4, 1), date(2027, 5, 1)


def fees(line: CreditLine) -> list[tuple[str, Decimal]]:
    invoices = line.invoices.filter(kind=Invoice.Kind.LATE_FEE).order_by("pk")
    return [(invoice.terms["late_fee"]["month"], invoice.amount) for invoice in invoices]


def charged(on: date) -> int:
    return run_job("charge_late_fees", on=on).done


def corrected(on: date) -> int:
    return run_job("correct_late_fees", on=on, scope=f"{on}@{next(_runs)}").done


def claimed(line: CreditLine) -> list[Decimal]:
    """What is claimed of each late fee."""
    found = line.invoices.filter(kind=Invoice.Kind.LATE_FEE).order_by("pk")
    return [fee.amount - fee.credited for fee in found]


@pytest.mark.django_db
def test_without_a_rule_being_late_costs_nothing() -> None:
    a_policy()
    line = a_line()
    an_invoice(line, 1_000, due_on=DUE)
    assert charged(MARCH) == 0 and fees(line) == []


@pytest.mark.django_db
def test_a_months_days_after_the_free_ones_cost_their_share_of_what_was_open_up_to_the_cap() -> None:
    a_policy(late_fee=RULE)
    line = a_line()
    invoice = an_invoice(line, 10_000, due_on=DUE)
    an_invoice(line, 70, due_on=DUE + 90 * DAY)
    # It was numbered as our fees are, of a time at which that was not refused.
    an_invoice(a_line(), 1, number=f"LF202702-{line.pk}", due_on=DUE + 90 * DAY)
    assert charged(MARCH - DAY) == 0, "only on the first of a month"
    assert charged(MARCH) == 1
    # 8 days of 10,000 at 0.05 percent.
    assert fees(line) == [("2027-02", Decimal("40.00"))]
    fee = line.invoices.get(kind=Invoice.Kind.LATE_FEE)
    assert fee.number == f"LF202702-{line.pk}-2"
    assert (fee.invoiced_on, fee.due_on, fee.terms["rule"]) == (MARCH, MARCH + 30 * DAY, NET_30)
    assert fee.terms["late_fee"]["invoices"] == [{"number": invoice.number, "days": 8, "fee": "40"}]
    entry = CreditEntry.objects.get(invoice=fee)
    assert (entry.kind, entry.debit, entry.credit, entry.amount) == ("late_fee", "receivable", "fees", fee.amount)
    assert fresh(line).open_amount == 10_110
    assert run_job("charge_late_fees", on=MARCH, scope="again@1").done == 0
    # On 10 March 6,000 are paid: 9 days of 10,000 and 22 of 4,000; the fee itself costs nothing.
    paid(invoice, on=date(2027, 3, 10), amount=6_000)
    assert charged(APRIL) == 1
    assert fees(line)[1:] == [("2027-03", Decimal("89.00"))]
    # What was paid late is charged although it is settled by then: 28 days of April.
    paid(fresh(invoice), on=date(2027, 4, 29))
    assert charged(MAY) == 1
    assert fees(line)[2:] == [("2027-04", Decimal("56.00"))]
    # A fee that is let go is less income of fees, not of sales.
    credit_invoice(fee, Decimal(40), key="waived", reason="首次逾期，豁免", on=MAY, at=morning(MAY), actor=None)
    note = CreditEntry.objects.get(kind="credit_note")
    assert (note.debit, note.credit, fresh(fee).outstanding, differences()) == ("fees", "receivable", 0, [])


@pytest.mark.django_db
def test_paid_in_time_and_booked_later_costs_nothing() -> None:
    a_policy(late_fee={"daily_percent": "1"})
    in_time, late, open_still = a_line(), a_line(), a_line()
    for line in (in_time, late, open_still):
        an_invoice(line, 1_000, due_on=DUE)
    booked = DUE + 5 * DAY
    # The bank has it on the due day, and two days after; our list of the bank comes five days after.
    paid_by(in_time, 1_000, received_on=DUE, on=booked)
    paid_by(late, 400, received_on=DUE + 2 * DAY, on=booked)
    # What pays another invoice from the ninth day on has paid the first one until then, and the other one since.
    moved = a_line()
    first, second = an_invoice(moved, 1_000, due_on=DUE), an_invoice(moved, 1_000, due_on=DUE)
    paid_by(moved, 1_000, received_on=DUE, on=booked, reference=first.number)
    day = DUE + 9 * DAY
    allocation = CreditEntry.objects.get(invoice=first, kind="allocate")
    move_allocation(allocation, second, key="m", on=day, at=morning(day), actor=None, reason="应付另一笔")
    # What is credited, or was received before the invoice, counts from then and not from the invoice's day.
    credited(Invoice.objects.get(line=open_still), 1_000, on=booked)
    assert charged(MARCH) == 3
    assert fees(in_time) == []
    # Three days of the first, eight of the second.
    assert fees(moved) == [("2027-02", Decimal("110.00"))]
    # A day of 1,000 and ten of 600; four of 1,000.
    assert fees(late) == [("2027-02", Decimal("70.00"))] and fees(open_still) == [("2027-02", Decimal("40.00"))]


@pytest.mark.django_db
def test_cap_paused_days_and_a_dry_run() -> None:
    a_policy(late_fee={"daily_percent": "1", "free_days": 0, "cap_percent": "5"})
    line, other = a_line(), a_line()
    an_invoice(line, 1_000, due_on=DUE)
    an_invoice(other, 333, due_on=DUE)
    day = DUE + DAY
    pause_overdue(
        line, starts_on=day, ends_on=DUE + 9 * DAY, key=a_key("pause"), reason="质量争议", on=day, at=morning(day),
        actor=None,
    )
    dry = worked(start_dry_run("charge_late_fees", business_date=MARCH, actor=None, at=at_night(MARCH)))
    items = RunItem.objects.filter(run=dry).order_by("key").values_list("key", "kind", "amount")
    # Two days of eleven are not paused; the other line is at its cap of 5 percent, 16.65.
    assert list(items) == [(line.pk, "late_fee", Decimal("20.00")), (other.pk, "late_fee", Decimal("16.65"))]
    paid(Invoice.objects.get(line=other), on=DUE)
    run = worked(execute_dry_run(dry, actor=None, at=at_night(MARCH)))
    assert (run.done, run.failed) == (1, 1)
    assert (fees(line), fees(other)) == ([("2027-02", Decimal("20.00"))], [])
    assert charged(APRIL) == 1
    assert fees(line)[1:] == [("2027-03", Decimal("30.00"))], "the rest up to the cap"


@pytest.mark.django_db
def test_paid_in_time_and_booked_after_the_charge_gets_the_fee_back_and_a_bounce_charges_it_again() -> None:
    a_policy(late_fee={"daily_percent": "1"})
    in_time, partly, late, other = a_line(), a_line(), a_line(), a_line()
    for line in (in_time, partly, late):
        an_invoice(line, 1_000, due_on=DUE)
    assert charged(MARCH) == 3 and corrected(MARCH) == 0
    assert claimed(in_time) == claimed(partly) == claimed(late) == [110]
    # The list of the bank comes on the 5th, and 60 of it go to the fee; one firm's payment goes astray at first.
    booked = MARCH + 4 * DAY
    receipt = paid_by(in_time, 1_060, received_on=DUE, on=booked)
    assert fresh(in_time).open_amount == 50
    paid_by(partly, 400, received_on=DUE + 2 * DAY, on=booked)
    astray = paid_by(other, 1_000, received_on=DUE, on=booked)
    paid_by(late, 100, received_on=booked, on=booked)
    dry = worked(start_dry_run("correct_late_fees", business_date=booked, actor=None, at=at_night(booked)))
    items = RunItem.objects.filter(run=dry).order_by("key").values_list("key", "kind", "amount")
    # Paid in time; a day of 1,000 and ten of 600; what came in March changes nothing of February.
    assert list(items) == [(in_time.pk, "given_back", Decimal("110.00")), (partly.pk, "given_back", Decimal("40.00"))]
    assert worked(execute_dry_run(dry, actor=None, at=at_night(booked))).done == 2
    assert (claimed(in_time), claimed(partly), claimed(late)) == ([0], [70], [110])
    note = CreditNote.objects.get(invoice__line=in_time)
    assert (note.amount, note.unapplied, note.actor) == (110, 60, None) and "2027-02" in note.reason
    assert (fresh(in_time).open_amount, fresh(receipt).unapplied) == (0, 60)
    assert corrected(booked) == 0, "once"
    # It is matched to whose it was, and 900 of it were paid in time there.
    again = booked + DAY
    told = {"on": again, "at": morning(again), "actor": None, "reason": "付错"}
    match_receipt(unmatch_receipt(astray, **told), late, **told)
    # So does a pause for days that were charged, which two people enter: a day of 600 less.
    user, laowang = an_operator("xiaozhang"), an_approver()
    asked = PauseOverdue.payload_of(
        partly, starts_on=MARCH - DAY, ends_on=MARCH - DAY, key="p", on=again
    )
    user.user_permissions.add(Permission.objects.get(codename="pause_overdue"))
    when: Any = {"on": again, "at": morning(again)}
    request = ask(PauseOverdue.name, asked, actor=User.objects.get(pk=user.pk), reason="质量争议", **when)
    assert isinstance(request, Approval)
    approve(request, checker=laowang, decision="同意", **when)
    assert corrected(again) == 2
    assert (claimed(late), claimed(partly)) == ([11], [64])
    # The bank takes the first one back: it was never paid, and what was given back is owed again, once.
    bounced = booked + 9 * DAY
    bounce_receipt(receipt, on=bounced, at=morning(bounced), actor=None, reason="退票")
    assert (corrected(bounced), corrected(bounced), claimed(in_time)) == (1, 0, [0, 110])
    fee = in_time.invoices.get(number=f"LF202702-{in_time.pk}-2")
    assert (fee.terms["late_fee"]["month"], fee.invoiced_on) == ("2027-02", bounced)
    assert fresh(in_time).open_amount == 1_110
    # Nor does one that is another's after all: who entered it has given nothing back by it.
    unmatch_receipt(astray, **{**told, "on": bounced, "at": morning(bounced)})
    assert (corrected(bounced), claimed(late)) == (1, [11, 99])
    # What the bank sends once more, as of then, gives nothing of February back; March is charged whole.
    paid_by(in_time, 1_110, received_on=bounced, on=bounced)
    assert corrected(bounced) == 0 and differences() == []
    with pytest.raises(ReservedKeyError):
        offer_credit_note(
            fee, Decimal(1), key=f"late-fee-back:{fee.pk}:0", on=bounced, at=morning(bounced), actor=laowang, reason="x"
        )

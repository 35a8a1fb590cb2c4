"""Late fees: none by default; by rule one invoice a line and month, on the first of the next one."""

from datetime import date
from decimal import Decimal

import pytest

from credit.models import CreditEntry, CreditLine, Invoice
from credit.services.overdue_pauses import pause_overdue
from operations.models import RunItem
from operations.services.dry_runs import execute_dry_run, start_dry_run
from tests.credit.credit_stories import DAY, NET_30, a_key, a_line, a_policy, an_invoice, fresh, morning, paid
from tests.memberships.night_stories import at_night, run_job, worked

RULE = {"daily_percent": "0.05", "free_days": 3, "cap_percent": "3"}
#: The last day to pay; in February it is overdue for eleven days, eight of which cost something.
DUE = date(2027, 2, 17)
MARCH, APRIL, MAY = date(2027, 3, 1), date(2027, 4, 1), date(2027, 5, 1)


def fees(line: CreditLine) -> list[tuple[str, Decimal]]:
    invoices = line.invoices.filter(kind=Invoice.Kind.LATE_FEE).order_by("pk")
    return [(invoice.terms["late_fee"]["month"], invoice.amount) for invoice in invoices]


def charged(on: date) -> int:
    return run_job("charge_late_fees", on=on).done


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
    assert charged(MARCH - DAY) == 0, "only on the first of a month"
    assert charged(MARCH) == 1
    # 8 days of 10,000 at 0.05 percent.
    assert fees(line) == [("2027-02", Decimal("40.00"))]
    fee = line.invoices.get(kind=Invoice.Kind.LATE_FEE)
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

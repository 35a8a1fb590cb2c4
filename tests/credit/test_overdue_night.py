"""The night of what is overdue: reminders, warnings, holds, and back again; foreseen, repeated, made up for."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from credit.models import CreditLine, Invoice, OverdueChange
from credit.models.lines import OverdueState
from memberships.models import MemberContact
from operations import registry
from operations.models import JobRun, Notice, RunItem
from operations.notices import texts
from operations.services.dry_runs import execute_dry_run, start_dry_run
from tests.credit.credit_stories import (
    DAY,
    TODAY,
    a_line,
    a_policy,
    an_entry,
    an_invoice,
    fresh,
    paid,
)
from tests.memberships.night_stories import at_night, run_job, worked

DUNNING = [
    {"state": "reminder", "days": 1}, {"state": "warning", "days": 7}, {"state": "hold", "days": 15},
    {"state": "collection", "days": 60},
]
DUE = TODAY + 30 * DAY


def a_dunned_line(amount: int = 1_000) -> tuple[CreditLine, Invoice]:
    """A line of a programme that reminds on the first day, with one invoice due on DUE."""
    a_policy(dunning=DUNNING)
    line = a_line()
    return line, an_invoice(line, amount, due_on=DUE)


def night(days: int, *, scope: str = "") -> JobRun:
    """So many days after DUE."""
    return run_job("age_invoices", on=DUE + days * DAY, scope=scope)


def standing(line: CreditLine) -> tuple[str, Decimal, date | None]:
    line = fresh(line)
    return line.overdue_state, line.overdue_amount, line.overdue_since


def told() -> list[str]:
    found = Notice.objects.filter(channel="webhook", kind__startswith="overdue_").order_by("pk")
    return list(found.values_list("kind", flat=True))


@pytest.mark.django_db
def test_an_unpaid_invoice_is_reminded_warned_held_and_collected_on_its_days() -> None:
    line, invoice = a_dunned_line()
    expected = {0: "none", 1: "reminder", 6: "reminder", 7: "warning", 14: "warning", 15: "hold", 60: "collection"}
    for days, state in expected.items():
        run = night(days)
        again = night(days, scope=f"again@{days}")
        run_job("send_notices", on=DUE + days * DAY)
        assert (standing(line)[0], fresh(invoice).overdue_state) == (state, state)
        assert again.done == 0, "a night that is run again finds nothing to write"
        assert run.done == (days in (1, 7, 15, 60))
    assert standing(line)[1:] == (Decimal(1_000), DUE + DAY)
    changes = OverdueChange.objects.filter(line=line).order_by("pk").values_list("old", "new", "on", "overdue_amount")
    assert [(old, new, (on - DUE).days) for old, new, on, _amount in changes] == [
        ("none", "reminder", 1), ("reminder", "warning", 7), ("warning", "hold", 15), ("hold", "collection", 60),
    ]
    assert told() == [f"overdue_{state}" for state in ("reminder", "warning", "hold", "collection")]
    # Paid, it is over the night after, and the firm is told that it may draw again.
    paid(invoice, on=DUE + 61 * DAY)
    night(61)
    run_job("send_notices", on=DUE + 61 * DAY)
    assert standing(line) == ("none", Decimal(0), None)
    assert fresh(invoice).overdue_state == OverdueState.NONE
    assert told()[4:] == ["overdue_released"]


@pytest.mark.django_db
def test_a_line_stands_as_its_worst_invoice_does_and_owes_overdue_what_all_of_them_do() -> None:
    line, oldest = a_dunned_line()
    second, not_due = an_invoice(line, 300, due_on=DUE + 10 * DAY), an_invoice(line, 50, due_on=DUE + 90 * DAY)
    night(16)
    assert standing(line) == ("hold", Decimal(1_300), DUE + DAY)
    assert [fresh(invoice).overdue_state for invoice in (oldest, second, not_due)] == ["hold", "reminder", "none"]
    # Part of the oldest is paid: the amount follows, the state stays.
    paid(oldest, on=DUE + 17 * DAY, amount=400)
    assert night(17).done == 1
    assert standing(line) == ("hold", Decimal(900), DUE + DAY)
    # The oldest is paid: the line stands as the second does. The bank takes the money back: it is on hold again.
    paid(oldest := fresh(oldest), on=DUE + 17 * DAY)
    night(18)
    assert standing(line) == ("warning", Decimal(300), DUE + 11 * DAY)
    entry = oldest.entries.filter(kind="allocate").last()
    assert entry is not None and entry.receipt is not None
    an_entry(
        line, "deallocate", entry.amount, on=DUE + 19 * DAY, receipt=entry.receipt, invoice=oldest, reverses=entry
    )
    night(19)
    assert standing(line) == ("hold", Decimal(900), DUE + DAY)
    # What is written off is not owed.
    an_entry(line, "write_off", Decimal(600), on=DUE + 20 * DAY, invoice=oldest)
    night(20)
    assert standing(line) == ("warning", Decimal(300), DUE + 11 * DAY)


@pytest.mark.django_db
def test_states_are_those_of_the_policy_of_the_day_and_of_each_lines_programme() -> None:
    line, _invoice = a_dunned_line()
    policy = line.programme.credit_policies.get()
    policy.ends_on = DUE + 4 * DAY
    policy.save()
    a_policy(dunning=[{"state": "collection", "days": 5}], starts_on=DUE + 5 * DAY)
    night(4)
    assert standing(line)[0] == "reminder"
    night(5)
    assert standing(line)[0] == "collection"
    policy = line.programme.credit_policies.order_by("starts_on").last()
    assert policy is not None
    policy.ends_on = DUE + 6 * DAY
    policy.save()
    night(7)
    assert standing(line) == ("none", Decimal(1_000), DUE + DAY), "no policy, no states; what is overdue stays so"


@pytest.mark.django_db
def test_dry_run_says_what_would_change_and_only_that_is_done() -> None:
    first, invoice = a_dunned_line()
    second = a_line()
    an_invoice(second, 500, due_on=DUE)
    on = DUE + DAY
    dry = worked(start_dry_run("age_invoices", business_date=on, actor=None, at=at_night(on)))
    items = RunItem.objects.filter(run=dry).order_by("key")
    assert [(item.key, item.kind, item.amount) for item in items] == [
        (first.pk, "reminder", Decimal(1_000)), (second.pk, "reminder", Decimal(500)),
    ]
    assert standing(first)[0] == "none" and not OverdueChange.objects.exists()
    paid(invoice, on=on, amount=1)
    run = worked(execute_dry_run(dry, actor=None, at=at_night(on)))
    assert (run.done, run.failed) == (1, 1)
    assert (standing(first)[0], standing(second)[0]) == ("none", "reminder")
    links = registry.jobs.get("age_invoices").item_links(list(items))
    assert links[first.pk][0] == first.member.number


@pytest.mark.django_db
def test_a_night_that_is_made_up_for_puts_nothing_back() -> None:
    line, _invoice = a_dunned_line()
    night(20)
    assert night(3).total == 0
    assert standing(line)[0] == "hold"
    assert night(21).done == 0


@pytest.mark.django_db
def test_firm_without_address_or_that_is_gone_is_told_as_far_as_it_can_be() -> None:
    line, _invoice = a_dunned_line()
    other = a_line()
    an_invoice(other, 200, due_on=DUE)
    gone = a_line()
    an_invoice(gone, 200, due_on=DUE)
    MemberContact.objects.filter(member=line.member_id).update(is_primary=True)
    MemberContact.objects.filter(member=other.member_id).update(is_primary=True, email="")
    type(gone.member).objects.filter(pk=gone.member_id).update(closed_on=DUE)
    night(1)
    for scope in ("", "again@1"):
        run_job("send_notices", on=DUE + DAY, scope=scope)
    notices = Notice.objects.order_by("owner", "channel").values_list("owner", "channel")
    assert list(notices) == [
        (line.member_id, "email"), (line.member_id, "webhook"), (other.member_id, "webhook"),
    ]
    kind = registry.notices.get("overdue_reminder")
    words = texts(kind, Notice.objects.first().facts)  # type: ignore[union-attr]
    assert "1,000.00" in words["en"].body and str(DUE + timedelta(days=1)) in words["zh-hans"].body
    assert kind.page_of(OverdueChange.objects.get(line=line).pk)[0] == line.member.number

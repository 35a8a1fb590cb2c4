"""Pauses of what is overdue: days that do not count, from today on by one person, from the past by two."""

from datetime import date
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.db import IntegrityError, connection, transaction

from credit.errors import (
    BackdatedPauseError,
    KeyConflictError,
    LineTermsError,
    PauseError,
    ReasonMissingError,
    TwoPeopleError,
)
from credit.models import CreditLine, OverduePause
from credit.pause_approvals import PauseOverdue
from credit.services.overdue_pauses import end_pause, pause_overdue
from operations.errors import ApprovalError, NotPermittedError
from operations.models import Approval, User
from operations.services.approvals import approve, ask
from tests.credit.credit_stories import DAY, a_key, a_line, an_invoice, fresh, morning
from tests.credit.test_overdue_night import DUE, a_dunned_line, night, standing
from tests.memberships.factories import an_operator


def a_controller(username: str = "xiaomei") -> User:
    """Who may pause."""
    user = an_operator(username)
    user.user_permissions.add(Permission.objects.get(codename="pause_overdue"))
    return User.objects.get(pk=user.pk)


def an_approver(username: str = "laozhang") -> User:
    """Who may decide, and look at lines."""
    user = an_operator(username)
    user.user_permissions.add(*Permission.objects.filter(codename__in=["decide_approval", "view_creditline"]))
    return User.objects.get(pk=user.pk)


def pause(line: CreditLine, first: int, last: int, *, on: int, **facts: Any) -> OverduePause:
    """From and until so many days after DUE, entered so many days after it."""
    day = DUE + on * DAY
    return pause_overdue(line, **{
        "starts_on": DUE + first * DAY, "ends_on": DUE + last * DAY, "key": a_key("pause"), "reason": "质量争议",
        "on": day, "at": morning(day), "actor": None, **facts,
    })


def overdue_days(line: int, invoice: int, day: date) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT credit_overdue_days(%s, %s, %s, %s)", [line, invoice, DUE, day])
        return int(cursor.fetchone()[0])


@pytest.mark.django_db
def test_days_of_a_pause_do_not_count_and_those_of_two_count_once() -> None:
    line, invoice = a_dunned_line()
    other = an_invoice(line, 10, due_on=DUE)
    night(5)
    assert standing(line)[0] == "reminder"
    pause(line, 6, 15, on=5)
    pause(line, 11, 20, on=5, invoice=invoice)
    for day, days in {5: 5, 10: 5, 20: 5, 21: 6, 22: 7}.items():
        assert overdue_days(line.pk, invoice.pk, DUE + day * DAY) == days
    assert overdue_days(line.pk, other.pk, DUE + 20 * DAY) == 10, "the second pause is the first invoice's alone"
    night(21)
    assert [fresh(one).overdue_state for one in (invoice, other)] == ["reminder", "warning"]
    night(22)
    assert fresh(invoice).overdue_state == "warning"


@pytest.mark.django_db
def test_pause_that_is_ended_early_counts_again_from_that_day() -> None:
    line, _invoice = a_dunned_line()
    night(1)
    paused = pause(line, 2, 30, on=1)
    night(10)
    assert standing(line)[0] == "reminder"
    for _again in range(2):
        ended = end_pause(paused, on=DUE + 10 * DAY, at=morning(DUE + 10 * DAY), actor=None, reason="争议解决")
        assert ended.ends_on == DUE + 9 * DAY
    night(15)
    assert standing(line)[0] == "warning", "one day before it, and six since"
    with pytest.raises(LineTermsError):
        end_pause(paused, on=DUE + 15 * DAY, at=morning(DUE), actor=None, reason="太晚")


@pytest.mark.django_db
def test_pause_from_the_past_takes_a_second_person_and_takes_states_back_at_once() -> None:
    line, invoice = a_dunned_line()
    night(16)
    maker, checker, day = a_controller(), an_approver(), DUE + 16 * DAY
    asked = PauseOverdue.payload_of(
        line, invoice=invoice, starts_on=DUE + DAY, ends_on=DUE + 40 * DAY, key="dispute:1", on=day
    )
    when: Any = {"on": day, "at": morning(day)}
    request = ask("pause_overdue", asked, actor=maker, reason="货物质量争议", **when)
    assert isinstance(request, Approval) and standing(line)[0] == "hold"
    assert request.subject_id == line.pk and str(invoice) in request.summary
    for somebody in (maker, a_controller("xiaowang")):
        with pytest.raises(ApprovalError):
            approve(request, checker=somebody, decision="同意", **when)
    done = approve(request, checker=checker, decision="同意", **when)
    assert done.state == Approval.State.EXECUTED
    assert standing(line) == ("none", 0, None)
    paused = OverduePause.objects.get()
    assert (paused.maker, paused.checker, paused.approval_id) == (maker, checker, request.pk)
    # What begins today needs nobody else; whoever may not pause does not ask either.
    today = PauseOverdue.payload_of(line, starts_on=day, ends_on=day, key="dispute:2", on=day)
    assert not isinstance(ask("pause_overdue", today, actor=maker, reason="协商中", **when), Approval)
    # A long one would keep what is overdue from blocking draws, as an exclusion does, which takes two.
    for days, takes_two in ((30, False), (31, True)):
        long = PauseOverdue.payload_of(line, starts_on=day, ends_on=day + days * DAY, key=f"dispute:{days}", on=day)
        assert isinstance(ask("pause_overdue", long, actor=maker, reason="协商中", **when), Approval) is takes_two
    with pytest.raises(NotPermittedError):
        ask("pause_overdue", today, actor=checker, reason="协商中", **when)
    # Nor one short pause after the other, of the line or its invoices, also with some days between; what another person
    # approved, or is months away, is another matter.
    for first, last, takes_two in ((31, 31, True), (45, 45, True), (62, 62, False), (90, 119, False), (93, 120, True)):
        next_one = PauseOverdue.payload_of(
            line, invoice=invoice, starts_on=day + first * DAY, ends_on=day + last * DAY, key=f"next:{first}", on=day
        )
        chained = ask("pause_overdue", next_one, actor=maker, reason="协商中", **when)
        assert isinstance(chained, Approval) is takes_two, first


@pytest.mark.django_db
def test_service_and_database_refuse_one_person_and_what_cannot_be() -> None:
    line, invoice = a_dunned_line()
    stranger = an_invoice(a_line(), 5, due_on=DUE)
    with pytest.raises(BackdatedPauseError):
        pause(line, 0, 10, on=5)
    with pytest.raises(PauseError):
        pause(line, 8, 7, on=5)
    with pytest.raises(PauseError):
        pause(line, 5, 7, on=5, invoice=stranger)
    with pytest.raises(ReasonMissingError):
        pause(line, 5, 7, on=5, reason=" ")
    user = an_operator()
    with pytest.raises(TwoPeopleError):
        pause(line, 0, 7, on=5, actor=user, checker=user)
    first = pause(line, 5, 7, on=5, key="same", actor=user)
    assert pause(line, 5, 7, on=5, key="same") == first
    with pytest.raises(KeyConflictError):
        pause(line, 5, 7, on=5, key="same", invoice=invoice)
    with pytest.raises(IntegrityError), transaction.atomic():
        OverduePause.objects.filter(pk=first.pk).update(ends_on=first.starts_on - 5 * DAY)
    with pytest.raises(IntegrityError), transaction.atomic():
        OverduePause.objects.create(
            line=line, member_id=line.member_id, key="raw", starts_on=DUE, ends_on=DUE, reason="x",
            at=morning(DUE), maker=user, checker=user,
        )

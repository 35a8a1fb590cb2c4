"""Limits and terms change on a day, rise for a time, are held, and rules are lifted; with reasons and by whom."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, transaction
from django.utils import translation

from credit.errors import LineTermsError, ReasonMissingError, TwoPeopleError
from credit.line_approvals import ChangeLine, ExcludeRule, KeepLine, RaiseForATime, ResumeLine
from credit.models import BlockingExclusion, CreditLine, LineVersion, TemporaryIncrease
from credit.review_approvals import SetReview
from credit.services.exceptions import end_exception
from credit.services.line_changes import (
    change_line,
    close_line,
    keep_line,
    resume_line,
    set_review,
    suspend_line,
)
from credit.services.lines import available, limit_on, version_on
from operations.approvals import Outcome
from operations.errors import ApprovalError, KeyConflictError, NotPermittedError
from operations.models import Approval, User
from operations.services.approvals import approve, ask
from tests.credit.credit_stories import (
    DAY,
    MONTHLY_61,
    NET_30,
    TODAY,
    a_controller,
    a_line,
    a_policy,
    an_approver,
    an_invoice,
    fresh,
    morning,
)

pytestmark = pytest.mark.django_db
LATER = TODAY + 10 * DAY
MARCH = date(2027, 3, 1)


@pytest.fixture(autouse=True)
def _english() -> None:
    """The words that these stories quote."""
    translation.activate("en")


def asked(action: type, payload: dict[str, Any], by: User, *, on: date = TODAY) -> Outcome | Approval:
    return ask(action.name, payload, actor=by, reason="按复审", on=on, at=morning(on))


def changed(line: CreditLine, limit: int | None, by: User, **facts: Any) -> Outcome | Approval:
    wanted = {"terms": None, "starts_on": TODAY, **facts}
    return asked(ChangeLine, ChangeLine.payload_of(line, limit=limit and Decimal(limit), **wanted), by)


def test_a_limit_over_the_makers_own_waits_for_another_person_and_holds_from_its_day() -> None:
    line, xiaoxin = a_line(50_000), a_controller()
    assert isinstance(changed(line, 100_000, xiaoxin), Outcome)
    request = changed(line, 300_000, xiaoxin, starts_on=LATER)
    assert isinstance(request, Approval)
    assert (request.amount, request.subject_id, limit_on(line, on=LATER)) == (300_000, line.pk, 100_000)
    with pytest.raises((ApprovalError, NotPermittedError)):
        approve(request, checker=xiaoxin, decision="ok", on=TODAY, at=morning(TODAY))
    done = approve(request, checker=an_approver(), decision="ok", on=TODAY, at=morning(TODAY))
    assert done.state == Approval.State.EXECUTED, done.outcome
    version = LineVersion.objects.order_by("-number")[0]
    assert (version.maker, version.checker, version.approval) == (xiaoxin, done.checker, done)
    assert [limit_on(line, on=day) for day in (TODAY, LATER - DAY, LATER)] == [100_000, 100_000, 300_000]


def test_maker_and_checker_are_two_in_the_service_and_in_the_database() -> None:
    line, xiaoxin = a_line(50_000), a_controller()
    request = changed(line, 300_000, xiaoxin)
    assert isinstance(request, Approval)
    with pytest.raises(TwoPeopleError):
        change_line(
            line, limit=Decimal(300_000), starts_on=TODAY, on=TODAY, at=morning(TODAY), actor=xiaoxin, reason="x",
            checker=xiaoxin, approval=request,
        )
    facts = {"line": line, "member_id": line.member_id, "reason": "x", "at": morning(TODAY), "maker": xiaoxin}
    days = {"starts_on": TODAY, "ends_on": LATER}
    for same in ({"checker": xiaoxin, "approval": request}, {"checker": an_approver()}):
        for write in (
            lambda: LineVersion.objects.create(number=9, limit=1, terms=NET_30, starts_on=TODAY, **facts, **same),  # noqa: B023
            lambda: TemporaryIncrease.objects.create(key="k", amount=1, **days, **facts, **same),  # noqa: B023
            lambda: BlockingExclusion.objects.create(rule="r", **days, **facts, **same),  # noqa: B023
        ):
            with pytest.raises(IntegrityError, match="two_people"), transaction.atomic():
                write()


def test_lowering_is_done_alone_and_shows_what_is_over_it() -> None:
    line = a_line(500_000, actor=None)
    an_invoice(line, 300_000)
    assert isinstance(changed(line, 100_000, a_controller()), Outcome)
    assert available(fresh(line), on=TODAY) == -200_000
    # Longer terms are weighed by the limit they go with.
    assert isinstance(changed(line, None, a_controller(), terms=NET_30), Outcome)
    assert isinstance(changed(line, None, a_controller(), terms=MONTHLY_61), Outcome)
    assert version_on(line, on=TODAY).terms == MONTHLY_61


def test_terms_that_let_any_invoice_be_due_later_take_two_and_shorter_ones_do_not() -> None:
    ships = {**MONTHLY_61, "rolling": "forward"}
    line, xiaoxin = a_line(2_000_000, ships, actor=None), a_controller()
    # Their longest is 61 days as well, which most invoices never came to.
    for longer in ({"kind": "net_days", "days": 61}, NET_30):
        request = changed(line, None, xiaoxin, terms=longer)
        assert isinstance(request, Approval) and request.amount == 2_000_000
    assert isinstance(changed(line, None, xiaoxin, terms={**ships, "repayment_day": 20}), Outcome)
    assert isinstance(changed(line, None, xiaoxin, terms={"kind": "net_days", "days": 5}), Outcome)


def test_what_is_no_limit_no_rule_or_no_day_is_refused_with_its_words() -> None:
    line, xiaoxin = a_line(50_000), a_controller()
    for limit, facts, words in (
        (-1, {}, "below zero"), (3_000_000, {}, "up to 2,000,000"), (None, {}, "nothing to change"),
        (1, {"starts_on": TODAY - DAY}, "today or later|does not begin"),
        (None, {"terms": {"kind": "net_days"}}, "is missing"), (None, {"terms": {"kind": "never"}}, "no term rule"),
        (None, {"terms": {"kind": "net_days", "days": 90}}, "up to 61 days"),
    ):
        with pytest.raises(Exception, match=words) as error:
            changed(line, limit, xiaoxin, **facts)
        assert "Error" in type(error.value).__name__, error


def test_an_increase_ends_by_itself_or_before_its_time_and_never_passes_the_ceiling() -> None:
    line, xiaoxin = a_line(60_000), a_controller()
    payload = RaiseForATime.payload_of(
        line, amount=Decimal(40_000), starts_on=LATER, ends_on=MARCH, key="double-eleven"
    )
    for _ in range(2):
        assert isinstance(asked(RaiseForATime, payload, xiaoxin), Outcome)
    increase = TemporaryIncrease.objects.get()
    assert [limit_on(line, on=day) for day in (LATER - DAY, LATER, MARCH, MARCH + DAY)] == [
        60_000, 100_000, 100_000, 60_000
    ]
    with pytest.raises(KeyConflictError):
        asked(RaiseForATime, {**payload, "amount": "30000"}, xiaoxin)
    more = {**payload, "key": "more", "amount": "0.01"}
    assert isinstance(asked(RaiseForATime, more, xiaoxin), Approval)
    with pytest.raises(LineTermsError, match=r"2,000,000\.01 CNY"):
        asked(RaiseForATime, {**payload, "key": "most", "amount": "1900000.01"}, xiaoxin)
    # What raises the limit meanwhile is weighed by both, and both stay within the ceiling.
    both = changed(line, 70_000, xiaoxin)
    assert isinstance(both, Approval)
    assert both.amount == 110_000
    with pytest.raises(LineTermsError, match=r"2,000,001\.00 CNY"):
        changed(line, 1_960_001, xiaoxin)
    # So is one that begins before another.
    early = asked(RaiseForATime, {**payload, "key": "early", "amount": "1", "starts_on": TODAY.isoformat()}, xiaoxin)
    assert isinstance(early, Approval)
    assert early.amount == 100_001
    with pytest.raises(LineTermsError, match="not made longer"):
        end_exception(increase, last_day=MARCH + DAY, on=TODAY, actor=xiaoxin, reason="x")
    end_exception(increase, last_day=LATER, on=LATER, actor=xiaoxin, reason="客户不再需要")
    assert [limit_on(line, on=day) for day in (LATER, LATER + DAY)] == [100_000, 60_000]
    with pytest.raises(DatabaseError), transaction.atomic():
        TemporaryIncrease.objects.update(ends_on=MARCH)


def test_who_may_stop_a_large_line_alone_does_not_let_it_go_on_alone() -> None:
    small, large, xiaoxin, laowang = a_line(60_000), a_line(2_000_000, actor=None), a_controller(), an_approver()
    for line in (small, large):
        an_invoice(line, 100)
        suspend_line(line, on=TODAY, actor=xiaoxin, reason="涉诉")
        close_line(line, on=TODAY, at=morning(TODAY), actor=xiaoxin, reason="客户要求")
    for action in (ResumeLine, KeepLine):
        assert isinstance(asked(action, action.payload_of(small, on=TODAY), xiaoxin), Outcome)
    assert (fresh(small).suspended_on, fresh(small).closing_on) == (None, None)
    resumes, keeps = (asked(action, action.payload_of(large, on=TODAY), xiaoxin) for action in (ResumeLine, KeepLine))
    assert isinstance(resumes, Approval) and isinstance(keeps, Approval)
    assert (resumes.amount, keeps.amount, keeps.subject_id) == (2_000_000, 2_000_000, large.pk)
    assert ["Suspended because", "涉诉"] in resumes.texts["en"][1]
    with pytest.raises(TwoPeopleError):
        keep_line(large, on=TODAY, actor=xiaoxin, reason="反悔", checker=xiaoxin, approval=keeps)
    assert approve(keeps, checker=laowang, decision="同意", on=TODAY, at=morning(TODAY)).state == "executed"
    assert (fresh(large).suspended_on, fresh(large).closing_on) == (TODAY, None)
    # The line is another by now than the one that was to be taken up again.
    assert approve(resumes, checker=laowang, decision="同意", on=TODAY, at=morning(TODAY)).state == "refused"
    # What rises later is weighed today; where nothing is stopped there is nothing to weigh.
    request = changed(small, 100_000, xiaoxin, starts_on=LATER)
    assert isinstance(request, Outcome)
    change_line(
        small, limit=Decimal(500_000), starts_on=MARCH, on=TODAY, at=morning(TODAY), actor=None, reason="旺季"
    )
    assert isinstance(asked(ResumeLine, ResumeLine.payload_of(small, on=TODAY), xiaoxin), Outcome)
    suspend_line(small, on=TODAY, actor=xiaoxin, reason="核查")
    request = asked(ResumeLine, ResumeLine.payload_of(small, on=TODAY), xiaoxin)
    assert isinstance(request, Approval) and request.amount == 500_000


def test_suspended_resumed_and_reviewed_with_a_reason() -> None:
    line, xiaoxin = a_line(60_000), a_controller()
    with pytest.raises(ReasonMissingError):
        suspend_line(line, on=TODAY, actor=xiaoxin, reason=" ")
    suspend_line(line, on=TODAY, actor=xiaoxin, reason="涉诉")
    assert suspend_line(line, on=LATER, actor=xiaoxin, reason="again").suspended_on == TODAY
    assert fresh(line).suspension_reason == "涉诉"
    assert resume_line(line, on=LATER, actor=xiaoxin, reason="撤诉").suspended_on is None
    set_review(line, review_on=LATER, on=TODAY, actor=xiaoxin, reason="季度复审")
    assert [CreditLine.objects.review_overdue(on=day).exists() for day in (LATER, LATER + DAY)] == [False, True]


def test_later_review_of_a_large_line_takes_two_people_since_an_overdue_one_stops_draws() -> None:
    small, large, xiaoxin, laowang = a_line(60_000), a_line(2_000_000, actor=None), a_controller(), an_approver()
    first = asked(SetReview, SetReview.payload_of(large, on=TODAY, review_on=LATER), xiaoxin)
    assert isinstance(first, Outcome), "it had none: draws are stopped sooner now"
    for days in (None, LATER + DAY):
        request = asked(SetReview, SetReview.payload_of(fresh(large), on=TODAY, review_on=days), xiaoxin)
        assert isinstance(request, Approval) and (request.amount, fresh(large).review_on) == (2_000_000, LATER)
    assert approve(request, checker=laowang, decision="同意", on=TODAY, at=morning(TODAY)).state == "executed"
    assert fresh(large).review_on == LATER + DAY
    earlier = asked(SetReview, SetReview.payload_of(fresh(large), on=TODAY, review_on=LATER), xiaoxin)
    assert isinstance(earlier, Outcome)
    set_review(small, review_on=LATER, on=TODAY, actor=None, reason="季度复审")
    assert isinstance(asked(SetReview, SetReview.payload_of(fresh(small), on=TODAY, review_on=None), xiaoxin), Outcome)
    with pytest.raises(LineTermsError):
        asked(SetReview, SetReview.payload_of(fresh(small), on=TODAY, review_on=TODAY - DAY), xiaoxin)


def test_a_rule_is_lifted_until_a_day_for_what_the_line_may_owe() -> None:
    rule = {"code": "overdue", "kind": "overdue_days", "threshold": "30", "name": {"zh": "逾期", "en": "Overdue"}}
    a_policy(blocking=[rule])
    small, large, xiaoxin = a_line(60_000), a_line(600_000), a_controller()
    days = {"starts_on": TODAY, "ends_on": LATER}
    for _ in range(2):
        assert isinstance(asked(ExcludeRule, ExcludeRule.payload_of(small, "overdue", **days), xiaoxin), Outcome)
    assert BlockingExclusion.objects.get().ends_on == LATER
    request = asked(ExcludeRule, ExcludeRule.payload_of(large, "overdue", **days), xiaoxin)
    assert isinstance(request, Approval)
    with pytest.raises(LineTermsError, match="no blocking rule"):
        asked(ExcludeRule, ExcludeRule.payload_of(small, "mood", **days), xiaoxin)

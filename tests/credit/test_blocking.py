"""Would this order pass? Each rule that stops it is named with figure and threshold; exclusions let it pass."""

from decimal import Decimal

import pytest
from django.utils import translation

from credit.errors import DrawError, DrawRefusedError
from credit.models import CreditPolicy
from credit.services.blocking import would_pass
from credit.services.exclusions import exclude_rule
from credit.services.line_changes import close_line, resume_line, set_review, suspend_line
from credit.services.lines import lock_line
from credit.services.overdue_pauses import pause_overdue
from tests.credit.credit_stories import DAY, TODAY, a_line, an_invoice, enterprise, fresh, morning, paid, the_policy
from tests.credit.draw_stories import held, stopped, the_rules, voided, when

pytestmark = pytest.mark.django_db
LATER = TODAY + 60 * DAY


def excluded(line: object, rule: str, *, until: object = LATER) -> None:
    facts = {**when(TODAY), "starts_on": TODAY, "ends_on": until, "reason": "客户承诺付款"}
    exclude_rule(line, rule, **facts)  # type: ignore[arg-type]


def test_overdue_days_stop_from_the_threshold_on_and_a_pause_is_no_release() -> None:
    line = a_line(100_000)
    the_rules(overdue_days="30", overdue_amount="499.99")
    invoice = an_invoice(line, 500, on=TODAY, due_on=TODAY + 10 * DAY)
    assert stopped(line, on=TODAY + 10 * DAY) == []
    assert stopped(line, on=TODAY + 11 * DAY) == [("overdue-amount", 500, Decimal("499.99"))]
    # Nobody reminds the firm for years, and it draws nothing all the same.
    day = TODAY + 11 * DAY
    pause_overdue(
        line, starts_on=day, ends_on=day + 3650 * DAY, key="p", reason="对账", on=day, at=morning(day), actor=None
    )
    assert [code for code, *_figures in stopped(line, on=TODAY + 39 * DAY)] == ["overdue-amount"]
    excluded(line, "overdue-amount", until=TODAY + 40 * DAY)
    assert stopped(line, on=TODAY + 39 * DAY) == []
    assert stopped(line, on=TODAY + 40 * DAY) == [("overdue-days", 30, 30)]
    # Whoever wants it to draw excludes the rules, and that is weighed.
    excluded(line, "overdue-days", until=TODAY + 40 * DAY)
    assert stopped(line, on=TODAY + 40 * DAY) == []
    paid(invoice, on=TODAY + 41 * DAY)
    assert stopped(line, on=TODAY + 90 * DAY) == []


def test_hold_stops_from_the_days_on_that_dunning_gives_it_paused_or_not() -> None:
    line = a_line(100_000)
    the_policy()
    rule = {"code": "on-hold", "kind": "overdue_state", "state": "hold", "name": {"zh": "暂停", "en": "On hold"}}
    dunning = [{"state": "reminder", "days": 1}, {"state": "hold", "days": 20}]
    CreditPolicy.objects.update(blocking=[rule], dunning=dunning)
    invoice = an_invoice(line, 500, on=TODAY, due_on=TODAY + 10 * DAY)
    assert stopped(line, on=TODAY + 29 * DAY) == []
    assert stopped(line, on=TODAY + 30 * DAY) == [("on-hold", 20, 20)]
    with translation.override("en"):
        (held_up,) = would_pass(line, Decimal(1), on=TODAY + 30 * DAY)
        assert str(held_up) == "On hold (on-hold): 20 days overdue, stopped from 20 on"
    # The days of the state are said once: what a later policy says of it holds for draws, too.
    CreditPolicy.objects.update(dunning=[{"state": "reminder", "days": 1}, {"state": "hold", "days": 25}])
    assert stopped(line, on=TODAY + 34 * DAY) == []
    excluded(line, "on-hold", until=TODAY + 35 * DAY)
    assert stopped(line, on=TODAY + 35 * DAY) == [] and stopped(line, on=TODAY + 36 * DAY) == [("on-hold", 26, 25)]
    paid(invoice, on=TODAY + 36 * DAY)
    assert stopped(line, on=TODAY + 90 * DAY) == []


def test_overdue_amount_stops_over_the_threshold() -> None:
    line = a_line(100_000)
    the_rules(overdue_amount="1000.00")
    for amount in (400, 600, 700):
        an_invoice(line, amount, due_on=TODAY + (5 if amount < 700 else 9) * DAY)
    assert stopped(line, on=TODAY + 9 * DAY) == []
    assert stopped(line, on=TODAY + 10 * DAY) == [("overdue-amount", 1_700, 1_000)]
    excluded(line, "overdue-amount", until=TODAY + 10 * DAY)
    assert stopped(line, on=TODAY + 10 * DAY) == []
    assert stopped(line, on=TODAY + 11 * DAY) == [("overdue-amount", 1_700, 1_000)]


def test_used_share_and_order_amount_count_the_order_itself() -> None:
    line = a_line(1_000)
    the_rules(used_share="80", order_amount="500.00")
    held(line, 400)
    assert stopped(line, 400) == []
    assert stopped(line, "400.01") == [("used-share", Decimal("80.1"), 80)]
    assert stopped(line, "500.01") == [("used-share", Decimal("90.1"), 80), ("order-amount", Decimal("500.01"), 500)]
    excluded(line, "used-share")
    # The limit is no rule that one is excluded from.
    assert stopped(line, "600.01") == [
        ("order-amount", Decimal("600.01"), 500), ("limit", Decimal("1000.01"), 1_000),
    ]


def test_suspended_line_and_one_that_is_over_draw_nothing_whatever_the_policy_names() -> None:
    line = a_line(1_000)
    the_rules()
    suspend_line(line, on=TODAY, actor=None, reason="核查")
    assert stopped(line) == [("status", "suspended", TODAY)]
    the_rules(status=None, expired_line=None)
    excluded(line, "status", until=TODAY)
    assert stopped(line) == [] and stopped(line, on=TODAY + DAY) == [("status", "suspended", TODAY)]
    resume_line(line, on=TODAY, actor=None, reason="核查完毕")
    order = held(line)
    close_line(line, reason="客户要求", **when(TODAY))
    assert stopped(line, 1)[0] == ("expired-line", "closing", TODAY)
    voided(order)
    excluded(line, "expired-line")
    assert stopped(line, 1) == []
    close_line(line, reason="客户要求", **when(TODAY))
    assert fresh(line).state == "closed"
    assert stopped(line, 1)[:1] == [("expired-line", "closed", TODAY)]


def test_card_that_is_over_stops_before_any_night_has_noticed() -> None:
    line = a_line(1_000)
    the_rules(expired_line=None)
    last = fresh(line.subscription).paid_until
    assert last is not None
    assert stopped(line, on=last) == []
    assert stopped(line, on=last + DAY) == [("expired-line", "in_grace", None)]
    assert stopped(line, on=last + 11 * DAY) == [("expired-line", "over", None)]
    CreditPolicy.objects.update(lapse={"draws_in_grace": True, "reinstate_days": 30})
    assert stopped(line, on=last + DAY) == []


def test_overdue_review_stops_from_the_threshold_on() -> None:
    line = a_line(1_000)
    the_rules(review_overdue="30")
    assert stopped(line, on=TODAY + 100 * DAY) == []
    set_review(line, review_on=TODAY + DAY, on=TODAY, actor=None, reason="年审")
    assert stopped(line, on=TODAY + 30 * DAY) == []
    assert stopped(line, on=TODAY + 31 * DAY) == [("review-overdue", 30, 30)]


def test_refusal_names_every_rule_in_the_policys_order_with_its_figures() -> None:
    line = a_line(1_000)
    the_policy()
    CreditPolicy.objects.filter(programme=enterprise()).update(blocking=[
        {"code": "big", "kind": "order_amount", "threshold": "5000.00", "name": {"zh": "单笔金额", "en": "Amount"}},
        {"code": "late", "kind": "overdue_days", "threshold": "1", "name": {"zh": "逾期天数", "en": "Days overdue"}},
    ])
    an_invoice(line, 200, due_on=TODAY + DAY)
    with translation.override("en"), pytest.raises(DrawRefusedError) as refused:
        held(line, 6_000, on=TODAY + 3 * DAY)
    assert [each.code for each in refused.value.hindrances] == ["big", "late", "limit"]
    words = str(refused.value)
    assert "Amount (big): an order of 6,000.00 CNY, stopped over 5,000.00 CNY" in words
    assert "Days overdue (late): 2 days overdue, stopped from 1 on" in words
    assert "6,200.00 CNY would be open and authorised, the limit is 1,000.00 CNY" in words
    with translation.override("zh-hans"):
        assert refused.value.hindrances[0].name == "单笔金额"
    assert lock_line(line.pk).authorised_amount == 0
    with pytest.raises(DrawError):
        stopped(line, "0.001")

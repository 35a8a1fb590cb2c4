"""The card lapses: no new draws from that day, what is open stays due; renewed in time, the line is taken up again."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.utils import translation

from credit.errors import LineExistsError, LineStateError
from credit.models import CreditLine, CreditPolicy
from credit.services.lapses import card_stops
from credit.services.line_changes import change_line, close_line, keep_line, raise_for_a_time
from credit.services.lines import limit_on, version_on
from memberships.models import Subscription
from memberships.services.lapses import lapse_subscription
from memberships.services.subscriptions import cancel_subscription, join
from operations.models import JobRun, OutboxMessage
from operations.services.dry_runs import execute_dry_run
from operations.services.jobs import start_run
from operations.tasks import work_through
from tests.credit.credit_stories import (
    DAY,
    MONTHLY_61,
    NET_30,
    TODAY,
    TWO_MILLION,
    a_card_with_credit,
    a_line,
    a_policy,
    an_invoice,
    an_offer,
    enterprise,
    fresh,
    morning,
    paid,
    the_plan,
)
from tests.memberships.factories import last_event

pytestmark = pytest.mark.django_db
#: The card is paid until the 14th of January; its ten days of grace end with the 24th.
LAST_PAID = date(2028, 1, 14)
IN_GRACE, LAPSE = LAST_PAID + DAY, date(2028, 1, 25)


@pytest.fixture(autouse=True)
def _english() -> None:
    """The words that these stories quote."""
    translation.activate("en")


def night(on: date) -> JobRun:
    """The night of that day, as far as lines follow their cards."""
    run = start_run("follow_cards", business_date=on, actor=None, at=morning(on))
    work_through(run.pk)
    return JobRun.objects.get(pk=run.pk)


def state_of(line: CreditLine) -> tuple[str, date | None]:
    line = fresh(line)
    return line.state, line.lapsed_on


def test_a_lapsed_card_draws_nothing_and_is_taken_up_again_within_thirty_days() -> None:
    line = a_line(50_000)
    invoice = an_invoice(line, 8_000, on=date(2028, 1, 10), due_on=date(2028, 2, 9))
    # By the facts of the card: no night has run.
    stops = {day: card_stops(line, on=day) for day in (LAST_PAID, IN_GRACE, LAPSE - DAY, LAPSE)}
    assert list(stops.values()) == [None, "in_grace", "in_grace", "over"]
    night(LAPSE - DAY)
    assert state_of(line) == ("active", None)
    night(LAPSE)
    assert state_of(line) == ("lapsed", LAPSE)
    night(LAPSE)
    assert (fresh(invoice).outstanding, fresh(invoice).due_on) == (8_000, date(2028, 2, 9))
    with pytest.raises(LineStateError, match="not raised"):
        change_line(line, limit=Decimal(60_000), starts_on=LAPSE, on=LAPSE, at=morning(LAPSE), actor=None, reason="x")

    back = LAPSE + 30 * DAY
    card = join(line.member, the_plan(), on=back, actor=None)
    assert state_of(line) == ("active", None)
    assert (fresh(line).subscription, card_stops(line, on=back)) == (card, None)
    assert limit_on(line, on=back) == 50_000
    assert set(OutboxMessage.objects.filter(topic__startswith="credit_line.").values_list("topic", flat=True)) == {
        "credit_line.lapsed", "credit_line.restored",
    }


def test_renewed_after_the_window_the_line_stays_lapsed_and_closes_when_it_is_paid() -> None:
    line = a_line(50_000)
    invoice = an_invoice(line, 8_000, on=date(2028, 1, 10))
    night(LAPSE)
    late = LAPSE + 31 * DAY
    card = join(line.member, the_plan(), on=late, actor=None)
    night(late)
    assert (*state_of(line), card_stops(line, on=late)) == ("lapsed", LAPSE, "too_late")
    with pytest.raises(LineExistsError):
        a_line(1_000, card=card, on=late)
    paid(invoice, on=late + DAY)
    night(late + DAY)
    assert (fresh(line).state, fresh(line).closed_on) == ("closed", late + DAY)
    assert a_line(1_000, card=card, on=late + 2 * DAY).state == "active"


def test_paid_within_the_window_it_waits_for_its_end_before_it_closes() -> None:
    line = a_line(50_000)
    night(LAPSE)
    night(LAPSE + 30 * DAY)
    assert state_of(line) == ("lapsed", LAPSE)
    night(LAPSE + 31 * DAY)
    assert fresh(line).state == "closed"


def test_no_night_ran_for_weeks_and_a_card_that_comes_too_late_draws_nothing() -> None:
    line = a_line(50_000)
    an_invoice(line, 1)
    late = LAPSE + 40 * DAY
    join(line.member, the_plan(), on=late, actor=None)
    assert (*state_of(line), card_stops(line, on=late)) == ("lapsed", LAPSE, "too_late")


def test_a_night_that_is_made_up_for_takes_nothing_back() -> None:
    lapsed, renewed = a_line(50_000), a_line(50_000)
    for line in (lapsed, renewed):
        lapse_subscription(line.subscription, on=LAPSE, at=morning(LAPSE), actor=None)
    new = join(renewed.member, the_plan(), on=LAPSE + 5 * DAY, actor=None)
    for day in (LAPSE - 5 * DAY, LAPSE, LAPSE + DAY):
        night(day)
        assert (state_of(lapsed), state_of(renewed)) == (("lapsed", LAPSE), ("active", None))
    assert fresh(renewed).subscription == new


def test_draws_in_grace_and_the_days_of_the_window_are_data() -> None:
    a_policy(lapse={"draws_in_grace": True, "reinstate_days": 0})
    line = a_line(50_000)
    assert [card_stops(line, on=day) for day in (LAPSE - DAY, LAPSE)] == [None, "over"]
    lapse_subscription(line.subscription, on=LAPSE, at=morning(LAPSE), actor=None)
    assert state_of(line) == ("lapsed", LAPSE)
    join(line.member, the_plan(), on=LAPSE, actor=None)
    assert state_of(line) == ("active", None)


def test_a_cancelled_card_carries_the_line_to_its_end_and_the_next_one_takes_over() -> None:
    a_policy(offers={"classic": an_offer(), "premium": an_offer("20000.00", terms=NET_30)})
    the_plan("premium", credit_term_days_cap=30)
    line = a_line(50_000)
    # Agreed under the old card: more from March on, much less from May on; and increases, before, then and after.
    at = {"on": TODAY, "at": morning(TODAY), "actor": None, "reason": "旺季"}
    march, may = date(2028, 3, 1), date(2028, 5, 1)
    for limit, day in ((60_000, march), (10_000, may)):
        change_line(line, limit=Decimal(limit), starts_on=day, **at)
    increases = [
        raise_for_a_time(line, amount=Decimal(amount), starts_on=first, ends_on=last, key=str(first), **at)
        for amount, first, last in (
            (5_000, LAST_PAID, may + 20 * DAY), (4_000, may, may + 9 * DAY), (10_000, may + DAY, may + 9 * DAY),
            (10_000, may + 30 * DAY, may + 39 * DAY),
        )
    ]
    # A smaller line, which only what was agreed for later takes over the other card's offer.
    small = a_line(10_000, terms=MONTHLY_61)
    change_line(small, limit=Decimal(30_000), starts_on=march, **at)
    cancel_subscription(small.subscription, on=TODAY, reason="换卡", actor=None)
    join(small.member, the_plan("premium"), on=TODAY, actor=None)
    old = cancel_subscription(line.subscription, on=TODAY, reason="换卡", actor=None)
    assert card_stops(line, on=LAST_PAID) is None
    new = join(line.member, the_plan("premium"), on=TODAY, actor=None)
    assert fresh(line).subscription == old
    night(LAST_PAID)
    assert fresh(line).subscription == old
    night(IN_GRACE)
    # The other card gives less: the line is no more than that from its first day on.
    assert (*state_of(line), fresh(line).subscription) == ("active", None, new)
    assert [limit_on(line, on=day) for day in (LAST_PAID, IN_GRACE)] == [55_000, 20_000]
    # Nor on any later day, whatever was agreed under the old card; what fits stays.
    assert max(limit_on(line, on=IN_GRACE + days * DAY) for days in range(200)) == 20_000
    assert [limit_on(line, on=day) for day in (march, may, may + 30 * DAY, may + 40 * DAY)] == [
        20_000, 14_000, 20_000, 10_000,
    ]
    ends = [IN_GRACE - DAY, may, may, may + 39 * DAY]
    assert [fresh(increase).ends_on for increase in increases] == ends
    lowered = line.versions.filter(evidence={"card": new.pk}).order_by("number")
    assert [(version.limit, version.starts_on, version.maker) for version in lowered] == [
        (20_000, IN_GRACE, None), (20_000, march, None),
    ]
    assert [limit_on(small, on=day) for day in (IN_GRACE, march)] == [10_000, 20_000]
    # Its terms were longer than those of the other card: from that card's first day on they are the offer's.
    assert [version_on(small, on=day).terms for day in (LAST_PAID, IN_GRACE, march)] == [MONTHLY_61, NET_30, NET_30]
    assert last_event(increases[0]).pgh_context["reason"] == "the card of the line"


def test_a_line_that_is_to_be_closed_closes_once_nothing_is_open() -> None:
    line = a_line(50_000)
    invoice = an_invoice(line, 8_000)
    close_line(line, on=TODAY, at=morning(TODAY), actor=None, reason="客户要求")
    assert (fresh(line).state, fresh(line).closing_on) == ("active", TODAY)
    keep_line(line, on=TODAY, actor=None, reason="客户反悔")
    close_line(line, on=TODAY, at=morning(TODAY), actor=None, reason="客户要求")
    paid(invoice)
    night(TODAY + DAY)
    assert (fresh(line).state, fresh(line).closed_on) == ("closed", TODAY + DAY)
    empty = a_line(50_000)
    assert close_line(empty, on=TODAY, at=morning(TODAY), actor=None, reason="客户要求").state == "closed"


def test_a_dry_run_is_executed_for_what_it_saw_and_for_nothing_else() -> None:
    lines = [a_line(50_000) for _ in range(3)]
    # One is to move to another card of theirs, whose terms become others meanwhile.
    moving = a_line(10_000, MONTHLY_61)
    the_plan("premium", credit_term_days_cap=None)
    cancel_subscription(moving.subscription, on=TODAY, reason="换卡", actor=None)
    join(moving.member, the_plan("premium"), on=TODAY, actor=None)
    dry = start_run(
        "follow_cards", business_date=LAPSE, scope="dry", actor=None, at=morning(LAPSE), is_dry_run=True
    )
    work_through(dry.pk)
    join(lines[0].member, the_plan(), on=LAPSE, actor=None)
    policy = CreditPolicy.objects.get()
    policy.offers["premium"]["terms"] = NET_30
    policy.save()
    run = execute_dry_run(JobRun.objects.get(pk=dry.pk), actor=None, at=morning(LAPSE), reason="看过")
    work_through(run.pk)
    assert [state_of(line)[0] for line in lines] == ["active", "lapsed", "lapsed"]
    assert fresh(moving).subscription == moving.subscription, "left out: it would have come to shorter terms"


def test_the_facts_of_cards_and_the_night_say_the_same_of_any_day() -> None:
    card = a_card_with_credit()
    assert (card.programme, the_plan().credit_limit_cap) == (enterprise(), TWO_MILLION)
    line = a_line(1_000, card=card)
    for days in range(-1, 60):
        day = LAPSE + timedelta(days=days)
        held = card_stops(line, on=day) != "over"
        assert held == (day < LAPSE) == Subscription.objects.in_grace(on=day).exists()

"""A dry run names whom the night would charge, ask and lapse; approved, that is done and nothing else."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest

from memberships.models import Payment, PaymentEvent, Subscription, Term
from memberships.services.payment_methods import choose_payment_method
from memberships.services.payments import retry_payment
from memberships.services.refunds import refund_payment
from memberships.services.subscriptions import cancel_subscription, join
from operations import registry
from operations.models import JobRun, OutboxMessage, RunItem, User
from operations.services.dry_runs import execute_dry_run, start_dry_run
from operations.services.jobs import start_run
from tests.gateway import GatewayForTests
from tests.memberships.factories import (
    a_card,
    a_method,
    a_monthly_card,
    a_person,
    an_operator,
    jd_plus,
)
from tests.memberships.night_stories import at_night, night, paid_days, payment_of, run_job, worked

pytestmark = pytest.mark.django_db(transaction=True)

JOINED = date(2027, 1, 1)
EVE = date(2027, 1, 30)
Item = tuple[int, int | None, str, str, str]


@pytest.fixture
def approver() -> User:
    return an_operator("approver")


@pytest.fixture(autouse=True)
def _small_chunks(settings: Any) -> None:
    settings.CHARGE_CHUNK_CARDS = settings.LAPSE_CHUNK_CARDS = 2


def foreseen(name: str, on: date) -> JobRun:
    return worked(start_dry_run(name, business_date=on, actor=None, at=at_night(on)))


def executed(dry_run: JobRun, approver: User) -> JobRun:
    return worked(execute_dry_run(dry_run, actor=approver, at=at_night(dry_run.business_date)))


def items(dry_run: JobRun) -> list[Item]:
    """Record, member, kind, amount and outcome of each item."""
    found = RunItem.objects.filter(run=dry_run).order_by("key")
    return [(item.key, item.owner, item.kind, str(item.amount), item.outcome) for item in found]


def everything() -> list[list[dict[str, Any]]]:
    """All rows that a night about cards can write."""
    tables = (Payment, PaymentEvent, Subscription, Term, OutboxMessage)
    return [list(table.objects.order_by("pk").values()) for table in tables]


def test_dry_run_of_renewals_says_who_and_how_much_and_writes_nothing_else(gateway: GatewayForTests) -> None:
    programme = jd_plus()
    cards = [
        a_card(a_monthly_card(programme, code=f"m{price}", price=f"{price}.00"), on=JOINED) for price in (15, 18, 20)
    ]
    a_card(cards[0].plan, on=date(2027, 1, 10))
    before = everything()
    dry_run = foreseen("renew_subscriptions", EVE)
    assert items(dry_run) == [
        (card.pk, card.member_id, "renewal", f"{price}.00", "foreseen")
        for card, price in zip(cards, (15, 18, 20), strict=True)
    ]
    assert (dry_run.total, dry_run.done, dry_run.chunks.count()) == (3, 3, 2)
    assert (everything(), gateway.charges()) == (before, [])


def test_approved_renewals_are_exactly_those_foreseen(gateway: GatewayForTests, approver: User) -> None:
    plan = a_monthly_card()
    cards = [a_card(plan, on=JOINED) for _number in range(3)]
    dry_run = foreseen("renew_subscriptions", EVE)
    latecomer = a_card(plan, on=JOINED)
    run = executed(dry_run, approver)
    assert [item[4] for item in items(dry_run)] == ["done"] * 3
    assert (run.done, run.failed) == (3, 0)
    assert [len(paid_days(card)) for card in [*cards, latecomer]] == [2, 2, 2, 1]
    assert set(PaymentEvent.objects.values_list("actor", flat=True)) == {approver.pk}


def another_method(card: Subscription, programme_id: int) -> None:
    choose_payment_method(card, a_method(card.member), actor=None)


def cancelled(card: Subscription, programme_id: int) -> None:
    cancel_subscription(card, on=EVE, reason="enough", actor=None)


def another_price(card: Subscription, programme_id: int) -> None:
    type(card.plan).objects.filter(pk=card.plan_id).update(on_sale_until=date(2027, 1, 31))
    a_monthly_card(card.programme, version=2, price="99.00", on_sale_from=date(2027, 2, 1))


def charged_by_the_night(card: Subscription, programme_id: int) -> None:
    run_job("renew_subscriptions", on=date(2027, 1, 31))


@pytest.mark.parametrize("changed", [another_method, cancelled, another_price, charged_by_the_night])
def test_card_that_changed_since_the_dry_run_is_named_and_left_out(
    gateway: GatewayForTests, approver: User, changed: Callable[[Subscription, int], None]
) -> None:
    card = a_card(a_monthly_card(), on=JOINED)
    dry_run = foreseen("renew_subscriptions", EVE)
    changed(card, card.programme_id)
    charged = len(gateway.charges())
    run = executed(dry_run, approver)
    assert [item[4] for item in items(dry_run)] == ["left_out"]
    assert (run.state, run.done, run.failed) == ("succeeded", 0, 1)
    assert len(gateway.charges()) == charged


def test_others_are_charged_beside_one_that_is_left_out(gateway: GatewayForTests, approver: User) -> None:
    plan = a_monthly_card()
    cards = [a_card(plan, on=JOINED) for _number in range(3)]
    dry_run = foreseen("renew_subscriptions", EVE)
    choose_payment_method(cards[1], a_method(cards[1].member), actor=None)
    run = executed(dry_run, approver)
    assert [item[4] for item in items(dry_run)] == ["done", "left_out", "done"]
    assert (run.done, run.failed) == (2, 1)
    assert [len(paid_days(card)) for card in cards] == [2, 1, 2]


def test_worker_that_died_in_an_approved_run_leaves_its_items_done_once(
    gateway: GatewayForTests, approver: User
) -> None:
    cards = [a_card(a_monthly_card(), on=JOINED)]
    dry_run = foreseen("renew_subscriptions", EVE)
    run = execute_dry_run(dry_run, actor=approver, at=at_night(EVE))
    job: Any = registry.jobs.get("renew_subscriptions")
    job.intend(run, run.chunks.get(), at=at_night(EVE))
    worked(run)
    assert [item[4] for item in items(dry_run)] == ["done"]
    assert (len(gateway.charges()), len(paid_days(cards[0]))) == (1, 2)


def test_dry_run_of_retries_is_what_is_then_tried(gateway: GatewayForTests, approver: User) -> None:
    plan = a_monthly_card()
    cards = [a_card(plan, "tok_soft_1", on=JOINED) for _number in range(3)]
    night(EVE)
    dry_run = foreseen("retry_payments", date(2027, 1, 31))
    # A night writes its payments in whichever order it finds the cards.
    payments = sorted((payment_of(card) for card in cards), key=lambda payment: payment.pk)
    assert [item[:4] for item in items(dry_run)] == [
        (payment.pk, payment.member_id, "retry", "15.00") for payment in payments
    ]
    retry_payment(payments[1], on=EVE, at=at_night(EVE), actor=None)
    run = executed(dry_run, approver)
    assert [item[4] for item in items(dry_run)] == ["done", "left_out", "done"]
    assert (run.done, run.failed) == (2, 1)
    assert len(gateway.paid()) == 3
    assert [payment_of(card).attempt for card in cards] == [2, 2, 2]


def test_dry_run_of_grace_and_lapses_is_what_then_happens(approver: User) -> None:
    plan, on = a_monthly_card(), date(2027, 2, 11)
    lapsing = [join(a_person(on=JOINED), plan, on=JOINED, actor=None) for _number in range(3)]
    in_grace = join(a_person(on=JOINED), plan, on=date(2027, 1, 5), actor=None)
    before = everything()
    dry_run = foreseen("enter_grace_and_lapse", on)
    assert [item[::2] for item in items(dry_run)] == [
        *[(card.pk, "lapse", "foreseen") for card in lapsing], (in_grace.pk, "grace", "foreseen"),
    ]
    assert everything() == before
    lapsing[0].terms.update(ends_on=date(2027, 3, 1))
    run = executed(dry_run, approver)
    assert [item[4] for item in items(dry_run)] == ["left_out", "done", "done", "done"]
    assert (run.done, run.failed) == (3, 1)
    assert Subscription.objects.filter(lapsed_on=on).count() == 2


def test_declined_payments_of_ended_cards_are_put_away_as_foreseen(gateway: GatewayForTests, approver: User) -> None:
    card = a_card(a_monthly_card(), "tok_hard", on=JOINED)
    night(EVE)
    cancel_subscription(card, on=EVE, reason="enough", actor=None)
    dry_run = foreseen("enter_grace_and_lapse", date(2027, 1, 31))
    assert [item[::2] for item in items(dry_run)] == [(card.pk, "abandon", "foreseen")]
    executed(dry_run, approver)
    assert ([item[4] for item in items(dry_run)], payment_of(card).state) == (["done"], "abandoned")


def test_dry_run_of_questions_names_payments_and_refunds(
    gateway: GatewayForTests, approver: User, settings: Any
) -> None:
    sandbox = settings.GATEWAYS["sandbox"]
    settings.GATEWAYS = {"sandbox": sandbox | {"options": sandbox["options"] | {"timeout": 2.0}}}
    plan = a_monthly_card()
    refunded = a_card(plan, on=JOINED)
    run_job("renew_subscriptions", on=EVE)
    gateway.order_faults(orders={"timeout_after": 1.0})
    refund = refund_payment(
        payment_of(refunded), amount=payment_of(refunded).amount, ends_card=True, on=EVE, at=at_night(EVE),
        reason="not used", actor=None,
    )
    charged = a_card(plan, on=JOINED)
    run = start_run("renew_subscriptions", business_date=EVE, scope="again@1", actor=None, at=at_night(EVE))
    worked(run)
    gateway.clear_faults()
    payment, on = payment_of(charged), EVE + timedelta(days=1)
    dry_run = foreseen("resolve_unknown_payments", on)
    assert [item[:3] for item in items(dry_run)] == [
        (-refund.pk, refunded.member_id, "ask_refund"), (payment.pk, charged.member_id, "ask"),
    ]
    executed(dry_run, approver)
    assert [item[4] for item in items(dry_run)] == ["done", "done"]
    refund.refresh_from_db()
    assert (refund.state, payment_of(charged).state) == ("succeeded", "succeeded")


def test_plan_whose_term_grows_longer_after_the_dry_run_is_left_out(gateway: GatewayForTests, approver: User) -> None:
    card = a_card(a_monthly_card(on_sale_until=date(2027, 1, 31)), on=JOINED)
    next_version = a_monthly_card(card.programme, version=2, on_sale_from=date(2027, 2, 1))
    dry_run = foreseen("renew_subscriptions", EVE)
    next_version.term_months = 12
    next_version.save()
    executed(dry_run, approver)
    assert ([item[4] for item in items(dry_run)], len(paid_days(card)), gateway.charges()) == (["left_out"], 1, [])


def test_card_that_was_foreseen_in_grace_and_then_cancelled_keeps_its_declined_payment(
    gateway: GatewayForTests, approver: User
) -> None:
    card, on = a_card(a_monthly_card(), "tok_hard", on=JOINED), date(2027, 2, 1)
    night(EVE)
    dry_run = foreseen("enter_grace_and_lapse", on)
    assert [item[2] for item in items(dry_run)] == ["grace"]
    cancel_subscription(card, on=on, reason="enough", actor=None)
    executed(dry_run, approver)
    assert ([item[4] for item in items(dry_run)], payment_of(card).state) == (["left_out"], "declined")

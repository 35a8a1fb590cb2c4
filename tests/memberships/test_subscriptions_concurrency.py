"""Two desks at once: members are locked, so that services take turns."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from threading import Barrier, Event
from time import sleep

import pytest
from django.db import IntegrityError, connection, transaction

from memberships.errors import AlreadySubscribedError
from memberships.models import Plan, Subscription, Term
from memberships.services.subscriptions import cancel_subscription, join, request_subscription
from tests.memberships.factories import TODAY, a_person, an_annual_card

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*calls: Callable[[], Subscription]) -> list[Subscription | Exception]:
    """The results of calls made in the same moment, each on a connection of its own."""
    start = Barrier(len(calls))

    def run(call: Callable[[], Subscription]) -> Subscription | Exception:
        try:
            start.wait(timeout=10)
            return call()
        except AlreadySubscribedError as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def kinds(results: list[Subscription | Exception]) -> list[str]:
    return sorted(type(result).__name__ for result in results)


def test_two_desks_join_a_member_at_once_and_one_subscription_starts() -> None:
    member, card = a_person(), an_annual_card()
    results = at_once(*[lambda: join(member, card, on=TODAY, actor=None)] * 2)
    assert kinds(results) == ["AlreadySubscribedError", "Subscription"]
    assert Subscription.objects.count() == Term.objects.count() == 1


def test_two_desks_start_a_requested_card_at_once_and_it_starts_once() -> None:
    member, card = a_person(), an_annual_card()
    requested = request_subscription(member, card, on=TODAY, actor=None)
    results = at_once(*[lambda: join(member, card, on=TODAY, actor=None)] * 2)
    assert kinds(results) == ["AlreadySubscribedError", "Subscription"]
    assert Subscription.objects.get() == requested
    assert Term.objects.count() == 1


def test_two_desks_cancel_at_once_and_get_the_same_result() -> None:
    subscription = join(a_person(), an_annual_card(), on=TODAY, actor=None)
    june, july = date(2027, 6, 1), date(2027, 7, 1)
    first, second = at_once(
        *[
            lambda day=day: cancel_subscription(subscription, on=day, reason="moved abroad", actor=None)
            for day in (june, july)
        ]
    )
    assert isinstance(first, Subscription)
    assert isinstance(second, Subscription)
    assert first.cancelled_on == second.cancelled_on
    assert first.ended_on == second.ended_on == date(2028, 1, 14)


def test_price_changed_while_the_plan_is_being_sold_waits_for_the_sale_and_is_refused() -> None:
    member, card = a_person(), an_annual_card()
    is_selling, is_asking = Event(), Event()

    def sell() -> None:
        try:
            with transaction.atomic():
                request_subscription(member, card, on=TODAY, actor=None)
                is_selling.set()
                assert is_asking.wait(timeout=10)
                sleep(0.3)  # so that the change has begun, and waits
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        sale = pool.submit(sell)
        assert is_selling.wait(timeout=10)
        is_asking.set()
        with pytest.raises(IntegrityError, match="is sold and cannot change"):
            Plan.objects.filter(pk=card.pk).update(price="1.00")
        sale.result(timeout=10)

"""What the database refuses, whoever asks."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import ProtectedError
from django.db.utils import DatabaseError

from memberships.models import Plan, Subscription, Term
from memberships.services.subscriptions import join, request_subscription
from tests.memberships.factories import TODAY, a_person, an_annual_card, jd_plus_enterprise, renew

pytestmark = pytest.mark.django_db


def add_term(subscription: Subscription, number: int, starts_on: date, ends_on: date) -> Term:
    return Term.objects.create(
        member=subscription.member, subscription=subscription, programme=subscription.programme,
        plan=subscription.plan, number=number,
        starts_on=starts_on, ends_on=ends_on,
    )


@contextmanager
def refused_at_commit(message: str) -> Iterator[None]:
    """Checks what is deferred to the commit, and takes the changes inside back."""
    with pytest.raises(IntegrityError, match=message), transaction.atomic():
        yield
        connection.check_constraints()


@pytest.fixture
def paid_for_2027() -> Subscription:
    return join(a_person(), an_annual_card(), on=TODAY, actor=None)


def test_terms_without_a_gap_are_kept(paid_for_2027: Subscription) -> None:
    renew(paid_for_2027, times=3)
    connection.check_constraints()
    assert paid_for_2027.terms.count() == 4


def test_overlapping_term_is_refused(paid_for_2027: Subscription) -> None:
    with pytest.raises(IntegrityError, match="term_no_overlap"):
        add_term(paid_for_2027, 2, date(2028, 1, 14), date(2029, 1, 13))


def test_gap_between_terms_is_refused(paid_for_2027: Subscription) -> None:
    with refused_at_commit("leave a gap"):
        add_term(paid_for_2027, 2, date(2028, 1, 16), date(2029, 1, 15))


def test_skipped_term_number_is_refused(paid_for_2027: Subscription) -> None:
    with refused_at_commit("leave a gap"):
        add_term(paid_for_2027, 3, date(2028, 1, 15), date(2029, 1, 14))


def test_taking_away_a_term_from_the_middle_is_refused(paid_for_2027: Subscription) -> None:
    renew(paid_for_2027, times=2)
    with refused_at_commit("leave a gap"):
        Term.objects.filter(number=2).delete()


def test_moving_the_end_of_a_term_in_the_middle_is_refused(paid_for_2027: Subscription) -> None:
    renew(paid_for_2027)
    with refused_at_commit("leave a gap"):
        Term.objects.filter(number=1).update(ends_on=date(2028, 1, 1))


def test_term_that_ends_before_it_starts_is_refused(paid_for_2027: Subscription) -> None:
    with pytest.raises(DatabaseError):
        add_term(paid_for_2027, 2, date(2028, 1, 15), date(2028, 1, 14))


def test_second_live_subscription_to_a_programme_is_refused(paid_for_2027: Subscription) -> None:
    with pytest.raises(IntegrityError, match="subscription_one_live"):
        Subscription.objects.create(
            member=paid_for_2027.member,
            programme=paid_for_2027.programme,
            plan=paid_for_2027.plan,
            requested_on=TODAY,
        )


def test_start_before_the_request_is_refused() -> None:
    subscription = request_subscription(a_person(), an_annual_card(), on=TODAY, actor=None)
    with pytest.raises(IntegrityError, match="subscription_started_after_requested"):
        Subscription.objects.filter(pk=subscription.pk).update(started_on=date(2027, 1, 14))


def test_end_before_the_cancellation_is_refused(paid_for_2027: Subscription) -> None:
    with pytest.raises(IntegrityError, match="subscription_ended_after_cancelled"):
        Subscription.objects.filter(pk=paid_for_2027.pk).update(
            cancelled_on=date(2027, 6, 2), ended_on=date(2027, 6, 1)
        )


def test_subscription_with_terms_cannot_be_deleted(paid_for_2027: Subscription) -> None:
    with pytest.raises(ProtectedError):
        paid_for_2027.delete()


@pytest.mark.parametrize("change", [{"price": "1.00"}, {"term_months": 1}, {"name": "新卡"}, {"version": 7}])
def test_sold_plan_is_frozen(paid_for_2027: Subscription, change: dict[str, object]) -> None:
    with pytest.raises(IntegrityError, match="is sold and cannot change: make a new version"):
        Plan.objects.filter(pk=paid_for_2027.plan_id).update(**change)


def test_sale_of_a_sold_plan_can_end(paid_for_2027: Subscription) -> None:
    assert Plan.objects.filter(pk=paid_for_2027.plan_id).update(on_sale_until=TODAY) == 1


def test_term_moved_to_another_subscription_leaves_a_gap_and_is_refused(paid_for_2027: Subscription) -> None:
    renew(paid_for_2027, times=2)
    later = Subscription.objects.create(
        member=paid_for_2027.member, programme=paid_for_2027.programme, plan=paid_for_2027.plan, requested_on=TODAY,
        cancelled_on=TODAY, ended_on=TODAY,
    )
    with refused_at_commit("leave a gap"):
        Term.objects.filter(number=2).update(subscription=later, number=1)


def test_cancelled_subscription_without_an_end_is_refused(paid_for_2027: Subscription) -> None:
    with pytest.raises(IntegrityError, match="subscription_ended_after_cancelled"):
        Subscription.objects.filter(pk=paid_for_2027.pk).update(cancelled_on=TODAY)


def test_term_with_a_plan_of_another_programme_is_refused(paid_for_2027: Subscription) -> None:
    foreign = an_annual_card(jd_plus_enterprise(), code="classic")
    with pytest.raises(IntegrityError, match="term_plan_of_programme"):
        Term.objects.filter(subscription=paid_for_2027).update(plan=foreign)


def test_plan_of_a_paid_term_is_frozen_even_when_the_subscription_moved_on(paid_for_2027: Subscription) -> None:
    successor = an_annual_card(paid_for_2027.programme, code="annual-2")
    sold = paid_for_2027.plan_id
    Subscription.objects.filter(pk=paid_for_2027.pk).update(plan=successor)
    with pytest.raises(IntegrityError, match="is sold and cannot change"):
        Plan.objects.filter(pk=sold).update(price="1.00")

"""Before money is given back the operator reads how many days are left of it, and what the member saved with it."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.utils.translation import override

from memberships.models import Payment
from memberships.refund_facts import days_left, facts_of
from tests.benefits.redemption_stories import a_benefit, a_member, a_rule, use
from tests.memberships.admin_pages import a_superuser, signed_in
from tests.memberships.desk_stories import payment_page
from tests.memberships.factories import TODAY, a_method
from tests.memberships.night_stories import at_night

pytestmark = pytest.mark.django_db


def a_payment(*, on: date = TODAY) -> Payment:
    """Li Lei paid 99 CNY for the year that began on that day."""
    member = a_member(on=on)
    card = member.subscriptions.get()
    term = card.terms.get()
    return Payment.objects.create(
        member=member, subscription=card, programme=card.programme, plan=card.plan, method=a_method(member, on=on),
        key=f"start:{card.pk}", purpose="start", amount=Decimal(99), term_number=1, starts_on=term.starts_on,
        ends_on=term.ends_on, term=term, state="succeeded", requested_on=on, requested_at=at_night(on),
        answered_at=at_night(on),
    )


@pytest.mark.parametrize(("gone", "left", "worth"), [
    (-1, 365, "99.00"), (0, 364, "98.73"), (14, 350, "94.93"), (364, 0, "0.00"), (400, 0, "0.00"),
])
def test_a_day_is_used_from_its_beginning_on(gone: int, left: int, worth: str) -> None:
    payment = a_payment()
    assert days_left(payment, on=payment.starts_on + timedelta(days=gone)) == (left, 365, Decimal(worth))


def test_what_was_saved_in_the_term_stands_beside_the_days() -> None:
    payment = a_payment()
    consultation = a_benefit(face_value=Decimal(30))
    a_rule(consultation)
    with override("en"):
        assert len(facts_of(payment, on=TODAY)) == 1
    for days in (1, 3):
        use(payment.member, consultation, on=TODAY + timedelta(days=days))
    with override("en"):
        facts = dict(facts_of(payment, on=TODAY + timedelta(days=14)))
    assert facts["Days left after today"].endswith("94.93 CNY")
    assert facts["Saved by benefits in this term"] == "2 uses, 60.00 CNY"
    page = signed_in(a_superuser()).get(payment_page(payment, "refund")).content.decode()
    assert "Days left after today" in page

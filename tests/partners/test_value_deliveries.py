"""What a partner is to provide counts in a value statement for as long as the partner did provide it."""

from datetime import date
from decimal import Decimal

import pytest

from benefits.services.grants import end_grant
from benefits.services.value_lines import lines_of
from partners.models import Fulfilment
from tests.benefits.benefit_stories import at
from tests.memberships.factories import a_person
from tests.partners.partner_stories import a_benefit, a_grant, a_partner, an_offer

pytestmark = pytest.mark.django_db


def test_months_count_from_the_day_on_which_the_partner_made_it_active_to_its_end() -> None:
    partner = a_partner()
    benefit = a_benefit(face_value=Decimal("25"))
    an_offer(partner, benefit, starts_on=date(2026, 1, 1))
    member = a_person(on=date(2026, 1, 10))
    held = a_grant(benefit, member, on=date(2026, 1, 10))

    def months() -> list[date]:
        programme = benefit.programme
        return [line.on for line in lines_of(member, programme, first=date(2026, 1, 1), last=date(2026, 6, 30))]

    # Ordered, and not there yet.
    assert months() == []
    Fulfilment.objects.filter(grant=held).update(state="active", activated_on=date(2026, 2, 1))
    assert months() == [date(2026, month, 1) for month in range(2, 7)]
    end_grant(held, reason="退款", on=date(2026, 4, 15), at=at(date(2026, 4, 15)), actor=None)
    assert months() == [date(2026, month, 1) for month in range(2, 5)]
    # The partner took it away before that.
    Fulfilment.objects.filter(grant=held).update(state="revoked", revoked_on=date(2026, 4, 1))
    assert months() == [date(2026, 2, 1), date(2026, 3, 1)]

"""Who has a right to what, told with cards, tiers and enrolments."""

import pytest

from benefits.services.rights import rights_of
from tests.benefits.benefit_stories import TODAY, a_benefit, of_card, used, with_card

pytestmark = pytest.mark.django_db


def test_smoke() -> None:
    consult = a_benefit("consult")
    card = with_card()
    rule = of_card(consult, 12, "year", basis="anniversary")
    used(card.member, rule)
    [right] = rights_of(card.member_id, on=TODAY)
    assert (right.quota, right.used, right.left) == (12, 1, 11), right

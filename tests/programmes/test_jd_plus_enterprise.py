"""JD PLUS Enterprise: Classic for 99 and Premium for 299 CNY a year, with credit."""

from decimal import Decimal

import pytest

from benefits.models import Benefit
from memberships.errors import AlreadySubscribedError, AudienceError
from memberships.models import Plan, Programme
from memberships.services.subscriptions import join
from tests.memberships.factories import TODAY, a_firm, a_person
from tests.programmes.stories import entitled, goes_in_and_comes_out_the_same

pytestmark = pytest.mark.django_db


@pytest.fixture
def programme() -> Programme:
    return goes_in_and_comes_out_the_same("jd-plus-enterprise")


def test_both_cards_have_their_price_and_the_highest_credit(programme: Programme) -> None:
    cards = Plan.objects.filter(programme=programme).order_by("price")
    assert [(card.code, card.price, card.term_months) for card in cards] == [
        ("classic", Decimal(99), 12), ("premium", Decimal(299), 12)
    ]
    assert {(card.credit_limit_cap, card.credit_term_days_cap) for card in cards} == {(Decimal(2_000_000), 61)}


def test_a_firm_joins_with_one_card_and_a_person_cannot(programme: Programme) -> None:
    classic, premium = Plan.objects.filter(programme=programme).order_by("price")
    firm = a_firm()
    assert join(firm, premium, on=TODAY, actor=None).terms.count() == 1
    with pytest.raises(AlreadySubscribedError):
        join(firm, classic, on=TODAY, actor=None)
    with pytest.raises(AudienceError):
        join(a_person(), classic, on=TODAY, actor=None)


def test_each_card_brings_the_eight_benefits(programme: Programme) -> None:
    for code in ("classic", "premium"):
        card = join(a_firm(), Plan.objects.get(programme=programme, code=code), on=TODAY, actor=None)
        assert entitled(card.member, on=TODAY).keys() == {
            "opening-gift", "further-95", "instant-reduction", "payment-term", "free-shipping", "on-site-returns",
            "replacement-180", "service-line",
        }
        assert [grant.benefit.code for grant in card.member.grants.select_related("benefit")] == ["opening-gift"]


def test_the_given_figures_stand_in_the_terms(programme: Programme) -> None:
    terms = {benefit.code: benefit.terms for benefit in Benefit.objects.filter(programme=programme)}
    assert terms["further-95"] == {"percent": "95", "discounted_only": True}
    assert terms["payment-term"] == {"days": 61}
    assert terms["replacement-180"] == {"remedies": ["replace"], "faults": ["quality"], "days": 180}
    assert terms["free-shipping"] == {"self_operated_only": True, "both_ways": True}
    assert terms["on-site-returns"] == {"remedies": ["return", "exchange"], "on_site": True}

"""How thin benefits are spread: before and after a new rule, side by side, by what the nights measured."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from benefits.models import BenefitRule
from benefits.services.dilution import dilution
from operations.models import Rollup
from operations.services.rollups import keep
from tests.benefits.benefit_stories import (
    a_benefit,
    a_rule,
    a_wallet_of,
    at,
    of_card,
    on_tier,
    plus,
    the_tier,
    with_card,
)
from tests.benefits.redemption_stories import take_back, use
from tests.memberships.factories import TODAY, a_person

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
BEFORE, AFTER = TODAY + 10 * DAY, date(2027, 3, 1)


def measured(on: date) -> None:
    keep("reach", on=on, at=at(on))
    keep("crowding", on=on, at=at(on))


def test_new_rule_spreads_a_benefit_over_all_members(admin_client: Client) -> None:
    doctor = a_benefit("doctor", name_en="Doctor", face_value=Decimal(60), unit_cost=Decimal(25))
    of_card(doctor, 12, "term", member_price=Decimal(10))
    families = a_benefit("playground", name_en="Playground")
    a_rule(families, plan_code="annual", segment="family")
    patient = with_card(on=TODAY).member
    with_card(on=TODAY)
    others = [a_wallet_of(a_person()).member for _each in range(2)]
    use(patient, doctor, on=TODAY + DAY, quantity=2)
    measured(BEFORE)
    a_rule(doctor, plan_code="")
    use(patient, doctor, on=AFTER - DAY)
    measured(AFTER)
    found = dilution(plus(), before=None, after=None)
    assert found is not None and found.before is not None
    assert (found.before.on, found.after.on, found.after.count("members")) == (BEFORE, AFTER, 4)
    [side] = found.benefits
    assert side.before is not None
    assert (side.benefit, side.before.share, side.after.share) == (doctor, Decimal("0.5"), Decimal(1))
    assert (side.before.use_share, side.before.saved_each) == (Decimal("0.5"), Decimal("50.00")), "2 x 50 for 2 holders"
    assert (side.after.users, side.after.cost) == (1, Decimal(25))
    assert others
    page = reverse("admin:benefits_benefit_dilution", args=[plus().pk])
    admin_client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    text = admin_client.get(page).content.decode()
    assert "Doctor" in text and "50%" in text and "100%" in text
    assert admin_client.get(f"{page}?before=2027-13-01&after={BEFORE}").status_code == 200
    assert BenefitRule.objects.filter(benefit=doctor).count() == 2
    Rollup.objects.all().delete()
    assert "No night has measured it yet." in admin_client.get(page).content.decode()


def test_who_gave_all_of_it_back_is_no_user() -> None:
    doctor = a_benefit("doctor", face_value=Decimal(60), unit_cost=Decimal(25))
    of_card(doctor, 12, "term")
    patient, other = (with_card(on=TODAY).member for _each in range(2))
    use(patient, doctor, on=TODAY + DAY)
    take_back(use(other, doctor, on=TODAY + DAY), on=TODAY + 2 * DAY)
    measured(BEFORE)
    found = dilution(plus(), before=None, after=None)
    assert found is not None
    [side] = found.benefits
    assert (side.after.users, side.after.units, side.after.use_share) == (1, 1, Decimal("0.5"))
    assert (side.after.saved, side.after.cost) == (Decimal(60), Decimal(25))


def test_tiers_are_told_with_their_share_of_the_ladder() -> None:
    a_benefit("anything")
    gold = the_tier("gold")
    for code in ("gold", "gold", "silver"):
        on_tier(code)
    measured(BEFORE)
    found = dilution(plus(), before=None, after=None)
    assert found is not None and found.before is None
    shares = {side.tier.code: side.after for side in found.tiers}
    assert shares["gold"] == (2, Decimal("0.667"))
    assert [crowd.shares for crowd in found.crowds if crowd.tier == gold] == [[Decimal("0.667")]]

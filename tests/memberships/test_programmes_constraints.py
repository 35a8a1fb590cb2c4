"""Programmes, tiers and plans: what the database refuses, and what is on sale when."""

from datetime import date

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import ProtectedError
from django.utils.translation import override

from memberships.models import Plan, Tier, TierGroup
from tests.memberships.factories import TODAY, an_annual_card, jd_plus

pytestmark = pytest.mark.django_db

LAST_DAY = date(2026, 12, 31)
NEW_YEAR = date(2027, 1, 1)


def a_ladder() -> TierGroup:
    return TierGroup.objects.create(programme=jd_plus(), code="levels", name="等级", name_en="Levels")


def a_tier(group: TierGroup, code: str = "gold", rank: int = 1, threshold: int = 0) -> Tier:
    return Tier.objects.create(
        group=group, code=code, name="金卡", name_en="Gold", rank=rank, threshold=threshold
    )


def test_programme_code_is_unique() -> None:
    jd_plus()
    with pytest.raises(IntegrityError, match="code"):
        jd_plus()


def test_names_are_shown_in_the_reader_s_language() -> None:
    card = an_annual_card(version=2)
    with override("zh-hans"):
        assert (str(card.programme), str(card)) == ("京东PLUS会员", "年卡 v2")
    with override("en"):
        assert (str(card.programme), str(card)) == ("JD PLUS", "Annual card v2")


def test_new_version_goes_on_sale_the_day_after_the_old_one() -> None:
    programme = jd_plus()
    old = an_annual_card(programme, on_sale_until=LAST_DAY)
    new = an_annual_card(programme, version=2, on_sale_from=NEW_YEAR)
    assert list(Plan.objects.on_sale(on=LAST_DAY)) == [old]
    assert list(Plan.objects.on_sale(on=NEW_YEAR)) == [new]


@pytest.mark.parametrize("until", [None, NEW_YEAR])
def test_two_versions_on_sale_at_once_are_refused(until: date | None) -> None:
    programme = jd_plus()
    an_annual_card(programme, on_sale_until=until)
    with pytest.raises(IntegrityError, match="plan_one_version_on_sale"):
        an_annual_card(programme, version=2, on_sale_from=NEW_YEAR)


def test_different_cards_are_on_sale_side_by_side() -> None:
    programme = jd_plus()
    an_annual_card(programme)
    an_annual_card(programme, code="premium")
    assert Plan.objects.on_sale(on=TODAY).count() == 2


def test_version_of_a_plan_is_made_once() -> None:
    programme = jd_plus()
    an_annual_card(programme, on_sale_until=LAST_DAY)
    with pytest.raises(IntegrityError, match="plan_version"):
        an_annual_card(programme, on_sale_from=NEW_YEAR)


def test_negative_price_is_refused() -> None:
    with pytest.raises(IntegrityError, match="plan_price_not_negative"):
        an_annual_card(price="-0.01")


def test_term_of_no_month_is_refused() -> None:
    with pytest.raises(IntegrityError, match="plan_term_not_empty"):
        an_annual_card(term_months=0)


def test_unsold_plan_can_be_changed() -> None:
    card = an_annual_card()
    assert Plan.objects.filter(pk=card.pk).update(price="88.00") == 1


def test_two_tiers_on_one_rung_are_refused() -> None:
    group = a_ladder()
    a_tier(group)
    # At the end of the transaction: a programme file may change the rungs of two tiers.
    with pytest.raises(IntegrityError, match="tier_rank"), transaction.atomic():
        a_tier(group, code="platinum")
        connection.check_constraints()


def test_tier_code_is_unique_in_its_ladder() -> None:
    group = a_ladder()
    a_tier(group)
    with pytest.raises(IntegrityError, match="tier_code"):
        a_tier(group, rank=2)


def test_negative_threshold_is_refused() -> None:
    with pytest.raises(IntegrityError, match="tier_threshold_not_negative"):
        a_tier(a_ladder(), threshold=-1)


def test_programme_with_plans_cannot_be_deleted() -> None:
    card = an_annual_card()
    with pytest.raises(ProtectedError):
        card.programme.delete()

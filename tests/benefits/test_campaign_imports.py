"""Brands, and what buyers spent in campaigns, out of spreadsheets: new, known, doubled, wrong, or replaced."""

from decimal import Decimal

import pytest

from benefits.models import Brand, CampaignFigure
from benefits.services.campaign_results import result_of
from tests.benefits.campaign_stories import a_brand, a_campaign
from tests.memberships.factories import an_operator, last_event
from tests.memberships.order_import_stories import applied, checked, counts, found

pytestmark = pytest.mark.django_db(transaction=True)


def test_brands_are_added_renamed_and_named_where_they_are_wrong() -> None:
    a_brand("milk", name="奶粉", name_en="Milk powder", category="母婴")
    a_brand("bread", name="面包", name_en="Bread")
    operator = an_operator()

    def a_file(*rows: str) -> bytes:
        return "\r\n".join(["品牌代码,品牌名称,英文名称,品类", *rows, ""]).encode()

    batch = checked(
        a_file(
            "milk,奶粉,Milk powder,", "toys,玩具,Toys,玩具", "toys,玩具,Toys,玩具", "tea,茶,Tea,",
            "tea,红茶,Black tea,", "a b,甲,A,",
        ),
        by=operator, kind="brands",
    )
    assert counts(batch) == {"unchanged": 1, "new": 1, "duplicate": 1, "invalid": 3}
    assert {fault[1] for fault in found(batch)} >= {"品牌代码"}
    rows = ("milk,婴儿奶粉,Baby milk,", "toys,玩具,Toys,玩具", "bread,面包,Bread,")
    done = applied(a_file(*rows), by=operator, kind="brands")
    assert (done.state, done.applied, done.unchanged) == ("applied", 2, 1)
    milk = Brand.objects.get(code="milk")
    assert (milk.name, milk.name_en, milk.category) == ("婴儿奶粉", "Baby milk", "母婴")
    assert last_event(milk).pgh_context["user"] == operator.pk
    assert Brand.objects.get(code="toys").category == "玩具"


def test_a_later_report_of_a_day_replaces_the_one_before() -> None:
    campaign, operator = a_campaign(name="家庭周"), an_operator()

    def a_file(*rows: str) -> bytes:
        return "\r\n".join(["活动,日期,客群,购买人数,订单数,消费金额", *rows, ""]).encode()

    # Of the story's programme the campaign's days are in January 2027; a day to come is none.
    batch = checked(
        a_file("家庭周,2026-01-05,会员,10,9,100", "家庭周,2026-01-05,普通用户,10,12,100.50",
               "没有的活动,2026-01-05,会员,1,1,1", "家庭周,2099-01-01,会员,1,1,1"),
        by=operator, kind="campaign-figures",
    )
    assert counts(batch) == {"new": 1, "invalid": 3}
    rows = ("2026-01-05,会员,1000,1200,\"40,000.00\"", "2026-01-05,普通用户,2000,2000,20000")
    applied(a_file(*(f"{campaign.code},{row}" for row in rows)), by=operator, kind="campaign-figures")
    done = applied(
        a_file(f"{campaign.code},2026-01-05,members,1000,1200,80000", f"{campaign.code},{rows[1]}"), by=operator,
        kind="campaign-figures",
    )
    assert (done.applied, done.unchanged) == (1, 1)
    figures = {each.group: each.amount for each in CampaignFigure.objects.all()}
    assert figures == {"members": Decimal(80_000), "others": Decimal(20_000)}
    assert result_of(campaign) is None, "they are of days before it"

"""The desk's pages of brands and campaigns: how far, how fast, with what result; raised by two, stopped by one."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from benefits.models import CampaignFigure
from memberships.admin.display import today
from operations.models import Approval
from operations.services.approvals import approve
from tests.benefits.campaign_stories import a_brand, a_campaign, again, committed
from tests.benefits.redemption_stories import a_budget, a_coupon, a_member, use
from tests.memberships.admin_pages import a_superuser, granted, may_alone, signed_in
from tests.memberships.factories import an_operator

pytestmark = pytest.mark.django_db
READS = ("operations.view_approval", "benefits.view_campaign", "benefits.view_brand", "benefits.view_budget")


def read(desk: Client, url: str) -> str:
    answer = desk.get(url)
    assert answer.status_code == 200, (url, answer.status_code)
    return answer.content.decode()


def submitted(desk: Client, url: str, **data: Any) -> Any:
    form = desk.get(url).context["form"]
    return desk.post(url, {"seen": form["seen"].value(), "reason": "活动调整", **data}, follow=True)


def test_a_campaign_is_followed_raised_by_two_people_and_stopped_by_hand() -> None:
    on, brand = today(), a_brand("milk", name_en="Milk powder")
    pot = committed(brand, "9000")
    budget = a_budget("100", starts_on=on - timedelta(days=3), ends_on=on + timedelta(days=6))
    campaign = a_campaign(brand=brand, budget=budget, name_en="Family week", segment="")
    use(a_member(on=on - timedelta(days=3)), a_coupon(None, budget=budget, unit_cost=Decimal(25)), on=on)
    manager = granted(an_operator(), *READS, "benefits.change_budget", "benefits.stop_campaign")
    desk = signed_in(may_alone(manager, "set_budget", 1000))
    page = read(desk, f"/admin/benefits/campaign/{campaign.pk}/change/")
    # 25 of 100 on the fourth of ten days: 15 behind, 6.25 a day for six more days.
    assert all(each in page for each in ("Milk powder", "Running", "-15.00", "6.25", "62.50", "25%"))
    amount = f"/admin/benefits/budget/{budget.pk}/amount/"
    assert "is 1,100.00 CNY now" in submitted(desk, amount, amount="1100.00").content.decode()
    assert "waits for the approval" in submitted(desk, amount, amount="9000.00").content.decode()
    assert "9,000.00" in read(desk, f"/admin/benefits/campaign/{campaign.pk}/change/"), "the request is on the page"
    approve(Approval.objects.get(), checker=a_superuser(), decision="同意", on=on, at=timezone.now())
    pot.refresh_from_db()
    assert (again(campaign).budget.amount, pot.reserved) == (9000, 9000)
    too_much = submitted(desk, amount, amount="9001.00")
    assert too_much.status_code == 422 and "0.00 CNY are free" in too_much.content.decode()
    assert "is stopped" in submitted(desk, f"/admin/benefits/campaign/{campaign.pk}/stop/").content.decode()
    assert "goes on" in submitted(desk, f"/admin/benefits/campaign/{campaign.pk}/resume/").content.decode()
    own = read(desk, f"/admin/benefits/brand/{brand.pk}/change/")
    assert all(each in own for each in ("9,000.00", "25.00", "8,975.00", "Family week"))
    assert "8,975.00" in read(desk, "/admin/benefits/brand/")
    assert "Family week" in read(desk, "/admin/benefits/campaign/")
    assert "Reserved" in read(desk, f"/admin/benefits/budget/{pot.pk}/change/")


def test_a_budget_that_is_raised_in_many_small_steps_takes_two_people_all_the_same() -> None:
    budget = a_budget("100", starts_on=today())
    manager = granted(an_operator(), *READS, "benefits.change_budget")
    desk = signed_in(may_alone(manager, "set_budget", 1000))
    amount = f"/admin/benefits/budget/{budget.pk}/amount/"
    for step, words in (("700.00", "is 700.00 CNY now"), ("1100.00", "is 1,100.00 CNY now")):
        assert words in submitted(desk, amount, amount=step).content.decode()
    assert "waits for the approval" in submitted(desk, amount, amount="1101.00").content.decode()
    request = Approval.objects.get()
    assert request.amount == 1_001
    approve(request, checker=a_superuser(), decision="同意", on=today(), at=timezone.now())
    # From what two people said it is counted anew.
    assert "is 2,101.00 CNY now" in submitted(desk, amount, amount="2101.00").content.decode()
    assert "waits for the approval" in submitted(desk, amount, amount="2102.00").content.decode()


def test_on_the_day_of_the_sale_a_member_spends_four_times_what_an_ordinary_buyer_does() -> None:
    on = today()
    budget = a_budget("1000", starts_on=on, ends_on=on)
    facts = {"baseline_from": on - timedelta(days=2), "baseline_until": on - timedelta(days=1)}
    campaign = a_campaign(budget=budget, **facts)
    use(a_member(on=on), a_coupon(None, budget=budget, unit_cost=Decimal(100)), on=on)
    for days, group, buyers, amount in (
        (0, "members", 1_000, 800_000), (0, "others", 2_000, 400_000),
        (1, "members", 500, 100_000), (1, "others", 1_000, 90_000),
        (2, "members", 500, 100_000), (2, "others", 1_000, 110_000),
        # Before the baseline: not counted.
        (3, "members", 500, 999_000),
    ):
        CampaignFigure.objects.create(
            campaign=campaign, on=on - timedelta(days=days), group=group, buyers=buyers, orders=buyers, amount=amount
        )
    page = read(signed_in(granted(an_operator(), *READS)), f"/admin/benefits/campaign/{campaign.pk}/change/")
    assert "A member who bought spent 4.00 times what an ordinary buyer did." in page
    assert "Before the campaign it was 2.00 times." in page
    # Members: 100,000 → 800,000 a day, +700%; others: 100,000 → 400,000, +300%. Beyond them: 400% of 100,000.
    assert all(each in page for each in ("700%", "300%", "400%", "400,000.00", "4,000.00"))
    assert "Stop the campaign" not in page


def test_daily_figures_are_listed_by_campaign_and_taken_away() -> None:
    on, campaign, other = today(), a_campaign(name="家庭周"), a_campaign(name="宝宝周")
    for of, amount in ((campaign, 80_000), (other, 500)):
        CampaignFigure.objects.create(campaign=of, on=on, group="members", buyers=1000, orders=1200, amount=amount)
    rights = ("benefits.view_campaignfigure", "benefits.view_campaign")
    looks = signed_in(granted(an_operator("looks"), *rights))
    figures = f"/admin/benefits/campaignfigure/?campaign__id__exact={campaign.pk}"
    assert figures in read(looks, f"/admin/benefits/campaign/{campaign.pk}/change/")
    assert "80,000" in read(looks, figures) and ">500.00<" not in read(looks, figures)
    export = figures.replace("/?", "/export/?")
    assert looks.post(export, {"kind": "csv"}).status_code == 403
    takes = signed_in(granted(an_operator("takes"), *rights, "operations.export_list"))
    rows = b"".join(takes.post(export, {"kind": "csv"}).streaming_content).decode("utf-8-sig").splitlines()
    assert len(rows) == 2 and rows[1].startswith(f"{on:%Y-%m-%d},") and rows[1].endswith(",1000,1200,80000.00")

"""Benefits at the desk: the catalogue, what a member is entitled to and why, redeeming, taking back, choosing."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from benefits.models import Benefit, BenefitStock, Budget, Choice, Grant, MemberSegment, Redemption
from benefits.services.grants import end_grant, give
from memberships.admin.display import today
from memberships.models import Member
from tests.benefits.benefit_stories import a_benefit, a_group, a_rule, plus, with_card
from tests.memberships.admin_pages import a_superuser, granted, signed_in
from tests.memberships.factories import an_operator

pytestmark = pytest.mark.django_db
READS = ("memberships.view_member", "benefits.view_benefit", "benefits.view_redemption", "benefits.view_grant")


@pytest.fixture
def desk() -> Client:
    return signed_in(a_superuser())


@pytest.fixture
def member() -> Member:
    return with_card(on=today() - timedelta(days=40)).member


def read(desk: Client, url: str) -> str:
    answer = desk.get(url)
    assert answer.status_code == 200, (url, answer.status_code)
    return answer.content.decode()


def page_of(member: Member) -> str:
    return f"/admin/memberships/member/{member.pk}/change/"


def redeeming(member: Member, benefit: Benefit) -> str:
    return f"/admin/benefits/redemption/redeem/{member.pk}/{benefit.pk}/"


def choosing(member: Member, group: Any) -> str:
    return f"/admin/benefits/choice/choose/{member.pk}/{group.pk}/"


def submitted(desk: Client, url: str, **data: Any) -> Any:
    """The page's form, sent with the key that it came with."""
    form = desk.get(url).context["form"]
    return desk.post(url, {"seen": form["seen"].value(), "quantity": 1, "reason": "会员来电", **data}, follow=True)


def consultations(quota: int = 12) -> Benefit:
    benefit = a_benefit("consultation", name="在线问诊", name_en="Online consultation")
    a_rule(benefit, "by-card", plan_code="annual", quota=quota, window="year", basis="anniversary")
    return benefit


def test_the_members_page_says_what_they_are_entitled_to_and_why(desk: Client, member: Member) -> None:
    consultations()
    page = read(desk, page_of(member))
    assert "Online consultation" in page and "12 of 12" in page and "It is the only rule that counts." in page


def test_an_operator_redeems_and_a_second_click_is_no_second_use(desk: Client, member: Member) -> None:
    benefit = consultations()
    url = redeeming(member, benefit)
    seen = desk.get(url).context["form"]["seen"].value()
    for _click in range(2):
        answer = desk.post(url, {"seen": seen, "quantity": 1, "reason": "会员来电"}, follow=True)
        assert "was redeemed" in answer.content.decode()
    assert Redemption.objects.get().key == f"desk:{seen}"
    assert "11 of 12" in read(desk, page_of(member))


def test_what_is_used_up_is_refused_with_the_day_of_the_next(desk: Client, member: Member) -> None:
    benefit = consultations(quota=1)
    submitted(desk, redeeming(member, benefit))
    answer = submitted(desk, redeeming(member, benefit))
    assert answer.status_code == 422 and str((today() + timedelta(days=325)).year) in answer.content.decode()
    assert Redemption.objects.count() == 1


def test_categories_are_offered_where_rules_have_them(desk: Client, member: Member) -> None:
    benefit = a_benefit("bogo", kind="buy_one_get_one")
    for category in ("体检", "口腔"):
        a_rule(benefit, category, plan_code="annual", category=category, quota=1, window="month")
    submitted(desk, redeeming(member, benefit), category="体检")
    assert Redemption.objects.get().category == "体检"
    again = submitted(desk, redeeming(member, benefit), category="体检")
    assert again.status_code == 422
    assert submitted(desk, redeeming(member, benefit), category="口腔").status_code == 200


def test_of_rules_that_are_added_up_what_is_not_given_by_itself_can_be_redeemed(desk: Client, member: Member) -> None:
    """A lounge pass comes with the card, and two more can be asked for; of the best rule there would be none to ask."""
    lounge = a_benefit("lounge", kind="gift", combine="sum")
    a_rule(lounge, "with-card", plan_code="annual", is_automatic=True)
    a_rule(lounge, "more", plan_code="annual", quota=2, window="year")
    url = redeeming(member, lounge)
    assert url in read(desk, page_of(member))
    assert "was redeemed" in submitted(desk, url, quantity=2).content.decode()
    assert url not in read(desk, page_of(member)), "all that can be redeemed is"
    Redemption.objects.update(state="returned", return_key="back", returned_on=today(), returned_at=timezone.now())
    Benefit.objects.filter(pk=lounge.pk).update(combine="best")
    assert url not in read(desk, page_of(member))


def test_a_use_is_taken_back_with_its_reason(desk: Client, member: Member) -> None:
    submitted(desk, redeeming(member, consultations()))
    redemption = Redemption.objects.get()
    url = f"/admin/benefits/redemption/{redemption.pk}/"
    assert "Take back" in read(desk, f"{url}change/")
    answer = submitted(desk, f"{url}take_back/", reason="预约取消")
    assert "was taken back" in answer.content.decode()
    page = read(desk, f"{url}change/")
    assert "预约取消" in page and "Take back" not in page
    assert "12 of 12" in read(desk, page_of(member))


def test_an_operator_chooses_for_the_member_and_swaps_once(desk: Client, member: Member) -> None:
    first, second = a_benefit("video", name_en="Video"), a_benefit("music", name_en="Music")
    group = a_group(first, second, picks=1, swaps=1, window="term")
    for benefit in (first, second):
        a_rule(benefit, "chosen", plan_code="annual", choice_group=group)
    url = choosing(member, group)
    assert "saved" in submitted(desk, url, take=[first.pk]).content.decode()
    assert submitted(desk, url, put_away=first.pk, instead=second.pk).status_code == 200
    live = Choice.objects.get(swapped_on=None)
    assert live.benefit == second and live.replaces is not None
    assert "Choose something, or exchange" in submitted(desk, url).content.decode()


def test_a_second_click_finds_the_first_ones_choice_and_swap(desk: Client, member: Member) -> None:
    first, second = a_benefit("video", name_en="Video"), a_benefit("music", name_en="Music")
    group = a_group(first, second, picks=1, swaps=1, window="term")
    for benefit in (first, second):
        a_rule(benefit, "chosen", plan_code="annual", choice_group=group)
    url = choosing(member, group)
    for asked in ({"take": [first.pk]}, {"put_away": first.pk, "instead": second.pk}):
        seen = desk.get(url).context["form"]["seen"].value()
        for _click in range(2):
            answer = desk.post(url, {"seen": seen, "reason": "会员来电", **asked}, follow=True)
            assert answer.status_code == 200 and "was saved" in answer.content.decode()
    assert Choice.objects.count() == 2 and Choice.objects.get(swapped_on=None).benefit == second


def test_catalogue_shows_rules_stock_and_budget(desk: Client, member: Member) -> None:
    budget = Budget.objects.create(
        programme=plus(), code="b", name="预算", name_en="Budget", amount=100, starts_on=today()
    )
    benefit = a_benefit("gift", kind="gift", unit_cost="2.50", budget=budget, name_en="Opening gift")
    a_rule(benefit, "once", plan_code="annual", quota=1, window="ever")
    assert "Opening gift" in read(desk, "/admin/benefits/benefit/")
    answer = submitted(desk, f"/admin/benefits/benefit/{benefit.pk}/stock/", total=10)
    assert BenefitStock.objects.get(benefit=benefit).total == 10 and answer.status_code == 200
    submitted(desk, redeeming(member, benefit))
    page = read(desk, f"/admin/benefits/benefit/{benefit.pk}/change/")
    assert "1 of 10 taken" in page and "card “Annual card”" in page and "1 time in all" in page
    submitted(desk, f"/admin/benefits/budget/{budget.pk}/amount/", amount="50.00")
    page = read(desk, f"/admin/benefits/budget/{budget.pk}/change/")
    assert "47.5" in page and f"redemption:{Redemption.objects.get().pk}" in page
    assert "Opening gift" in read(desk, f"/admin/benefits/grant/{Grant.objects.get().pk}/change/")
    too_little = submitted(desk, f"/admin/benefits/budget/{budget.pk}/amount/", amount="1.00")
    assert too_little.status_code == 422 and "2.5" in too_little.content.decode()
    assert Budget.objects.get().amount == 50
    days = f"/admin/benefits/budget/{budget.pk}/days/"
    until = today() + timedelta(days=30)
    assert "were changed" in submitted(desk, days, starts_on=str(today()), ends_on=str(until)).content.decode()
    assert Budget.objects.get().ends_on == until
    backwards = submitted(desk, days, starts_on=str(today()), ends_on=str(today() - timedelta(days=1)))
    assert backwards.status_code == 422 and Budget.objects.get().ends_on == until


def test_an_operator_puts_a_member_into_a_segment_and_takes_them_out(desk: Client, member: Member) -> None:
    benefit = a_benefit("lessons", name_en="Lessons for children")
    a_rule(benefit, "families", plan_code="annual", segment="families", is_automatic=True)
    url = f"/admin/benefits/membersegment/put/{member.pk}/"
    assert url in read(desk, page_of(member))
    asked = {"segment": "families", "since": str(today()), "reason": "会员来电"}
    early = desk.post(url, {**asked, "until": str(today() - timedelta(days=1))})
    assert early.status_code == 422 and "before the first" in early.content.decode()
    assert desk.post(url, {**asked, "segment": "famlies"}).status_code == 422
    for _click in range(2):
        assert "families" in desk.post(url, asked, follow=True).content.decode()
    belongs = MemberSegment.objects.get()
    assert Grant.objects.get().benefit == benefit
    assert desk.post(url, {**asked, "until": str(today())}).status_code == 422
    out = f"/admin/benefits/membersegment/{belongs.pk}/take_out/"
    page = read(desk, page_of(member))
    assert "Lessons for children" in page and out in page
    answer = submitted(desk, out, first_day_without=str(today()))
    assert "taken out of" in answer.content.decode()
    assert Grant.objects.get().state == "ended" and out not in read(desk, page_of(member))
    reader = signed_in(granted(an_operator(), *READS, "benefits.view_membersegment"))
    assert reader.get(url).status_code == 403 and url not in read(reader, page_of(member))


def test_what_is_held_comes_first_however_much_is_over(desk: Client, member: Member) -> None:
    lasting, coupon = a_benefit("gift", kind="gift", name_en="Lasting gift"), a_benefit("coupon", kind="coupon")
    facts: dict[str, Any] = {"on": today(), "at": timezone.now(), "actor": None}
    give(member, lasting, key="lasting", **facts)
    for number in range(12):
        end_grant(give(member, coupon, key=str(number), **facts), reason="错发", **facts)
    assert "Lasting gift" in read(desk, page_of(member))


@pytest.mark.parametrize(
    "page",
    ["redemption", "choice", "grant", "choicegroup", "budget", "benefitrule", "benefit", "brand", "campaign"],
)
def test_lists_are_read_by_who_may_view_them(page: str, member: Member) -> None:
    reader = signed_in(granted(an_operator(), f"benefits.view_{page}"))
    assert reader.get(f"/admin/benefits/{page}/").status_code == 200
    stranger = signed_in(granted(an_operator("stranger"), "memberships.view_member"))
    assert stranger.get(f"/admin/benefits/{page}/").status_code == 403


def test_who_only_reads_is_offered_no_button_and_cannot_redeem(member: Member) -> None:
    benefit = consultations()
    reader = signed_in(granted(an_operator(), *READS))
    page = read(reader, page_of(member))
    assert "Online consultation" in page and redeeming(member, benefit) not in page
    assert reader.get(redeeming(member, benefit)).status_code == 403


def test_pages_of_nobody_are_not_found(desk: Client, member: Member) -> None:
    assert desk.get(redeeming(member, Benefit(pk=10**9))).status_code == 404
    assert desk.get(redeeming(Member(pk=10**9), consultations())).status_code == 404

"""The number that ended, named afterwards: desk, lists, shops and partners are told the one that stays, or mean it."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.utils.translation import override

from benefits.services.redemptions import redeem, return_redemption
from memberships.admin.display import today
from memberships.models import Member, MemberMerge, PointsEntry
from memberships.services.closures import close_account
from memberships.services.enrolments import enrol_member
from memberships.services.merges import MemberMergedError, hindrances_of, undo_merge
from memberships.services.points_adjustments import adjust_points, offer_adjustment
from tests.benefits.redemption_stories import an_exchange, the_programme
from tests.credit.credit_stories import a_controller
from tests.credit.test_limit_import import file_of as limits_of
from tests.credit.test_limit_import import row as limit_row
from tests.memberships.admin_pages import granted, signed_in
from tests.memberships.factories import TODAY, a_card, a_firm, a_person, an_annual_card
from tests.memberships.merge_stories import an_asker, differences, merged
from tests.memberships.order_import_stories import checked, confirmed, faults, worked
from tests.memberships.points_stories import JUNE, a_wallet, assert_books_balance, balance, earn, morning, spend
from tests.memberships.test_adjustment_import import file_of as adjustments_of
from tests.memberships.test_adjustment_import import row as points_row
from tests.operations.api_stories import a_caller, problem

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
SCOPES = (
    "benefits.read", "benefits.choose", "benefits.redeem", "benefits.orders", "credit.read", "credit.draw",
    "credit.invoice",
)


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    with override("en"):
        yield


def undone(merge: MemberMerge) -> MemberMerge:
    return undo_merge(merge, reason="并非同一人", on=TODAY, at=morning(TODAY), actor=an_asker(), checker=None)


def two_wallets(points: int = 0) -> tuple[Member, Member]:
    former, survivor = a_person(), a_person()
    wallets = [a_wallet(member) for member in (former, survivor)]
    if points:
        earn(wallets[0], points, expires_on=JUNE)
    return former, survivor


@pytest.mark.parametrize(("method", "page", "body"), [
    ("get", "benefits/members/{}/entitlements", None),
    ("get", "benefits/members/{}/choices/jd-plus/pick", None),
    ("post", "benefits/members/{}/choices", {"group": {"programme": "jd-plus", "code": "pick"}, "take": ["a"]}),
    ("post", "benefits/members/{}/swaps", {
        "group": {"programme": "jd-plus", "code": "pick"}, "put_away": "a", "take": "b",
    }),
    ("post", "benefits/members/{}/redemptions", {"benefit": {"programme": "jd-plus", "code": "wash"}}),
    ("get", "benefits/members/{}/redemptions/1", None),
    ("post", "benefits/members/{}/redemptions/1/return", {"reason": "x"}),
    ("post", "benefits/members/{}/coupons/use", {"coupons": ["gift:1"], "order_number": "A-1"}),
    ("post", "benefits/members/{}/coupons/give-back", {"order_number": "A-1"}),
    ("post", "benefits/members/{}/savings", {
        "programme": "jd-plus", "order_number": "A-1", "saved": [{"benefit": "a", "amount": "1.00"}],
    }),
    ("get", "credit/members/{}/lines", None),
    ("get", "credit/members/{}/lines/jd-plus/check?amount=1", None),
    ("post", "credit/members/{}/lines/jd-plus/authorisations", {"amount": "1", "order_number": "A-1"}),
    ("get", "credit/members/{}/authorisations/1", None),
    ("get", "credit/members/{}/invoices", None),
    ("get", "credit/members/{}/invoices/1", None),
])
def test_a_shop_that_names_it_is_refused_with_the_number_to_name(method: str, page: str, body: object) -> None:
    an_annual_card()
    former, survivor = (a_firm(), a_firm()) if page.startswith("credit") else (a_person(), a_person())
    merged(former, survivor)
    shop = a_caller(*SCOPES)
    path = f"/api/v1/{page.format(former.number)}"
    answer = shop.get(path) if method == "get" else shop.post(path, body, key="k-1")
    assert problem(answer) == (409, "member-merged") and survivor.number in answer.json()["detail"]


def test_points_are_not_adjusted_under_it_neither_at_once_nor_when_it_was_asked_for_before() -> None:
    former, survivor = two_wallets()
    wallet = former.enrolments.get()
    given = {"reason_code": "goodwill", "on": TODAY, "at": morning(TODAY)}
    merge = merged(former, survivor)
    desk = granted(an_asker(), "memberships.adjust_points")
    with pytest.raises(MemberMergedError, match=survivor.number):
        offer_adjustment(wallet, 5, key="g-1", actor=desk, reason="补偿", **given)
    with pytest.raises(MemberMergedError, match=survivor.number):
        adjust_points(wallet, 5, key="g-1", actor=an_asker(), **given)
    assert not PointsEntry.objects.exists()
    undone(merge)
    assert adjust_points(wallet, 5, key="g-1", actor=an_asker(), **given).points == 5


def test_the_desk_offers_no_adjustment_of_its_wallet_and_no_enrolment() -> None:
    former, survivor = a_person(on=today()), a_person(on=today())
    wallets = [enrol_member(member, the_programme(), on=today(), at=morning(today()), actor=None) for member in (
        former, survivor,
    )]
    merged(former, survivor, on=today())
    desk = signed_in(granted(
        an_asker(), "memberships.view_enrolment", "memberships.adjust_points", "memberships.add_enrolment"
    ))
    pages = [desk.get(f"/admin/memberships/enrolment/{wallet.pk}/change/").content.decode() for wallet in wallets]
    assert ["/adjust/" in page for page in pages] == [False, True]


def test_points_of_a_use_that_is_taken_back_go_on_to_the_one_that_stays_and_back_with_undoing() -> None:
    former, survivor = two_wallets(300)
    benefit = an_exchange(100)
    use = redeem(former, benefit, key="use:1", on=TODAY, at=morning(TODAY), actor=None)
    merge = merged(former, survivor)
    wallets = [member.enrolments.get() for member in (former, survivor)]
    assert [balance(wallet) for wallet in wallets] == [0, 200]
    return_redemption(use, key="back:1", on=TODAY, at=morning(TODAY), actor=None, reason="取消")
    assert [balance(wallet) for wallet in wallets] == [0, 300]
    assert hindrances_of(merge, on=TODAY) == []
    undone(merge)
    assert [balance(wallet) for wallet in wallets] == [300, 0]
    assert differences() == []
    assert_books_balance()


def test_of_a_chain_of_merges_the_last_one_is_undone_first_and_every_point_comes_home() -> None:
    first, second = two_wallets(300)
    third = a_person()
    a_wallet(third)
    use = redeem(first, an_exchange(100), key="use:1", on=TODAY, at=morning(TODAY), actor=None)
    a_card(an_annual_card(use.benefit.programme), member=first)
    one = merged(first, second)
    two = merged(second, third)
    wallets = [member.enrolments.get() for member in (first, second, third)]
    return_redemption(use, key="back:1", on=TODAY, at=morning(TODAY), actor=None, reason="取消")
    assert [balance(wallet) for wallet in wallets] == [0, 0, 300]
    assert third.subscriptions.live().count() == 1
    assert "undo that first" in hindrances_of(one, on=TODAY)[0]
    assert differences() == []
    for merge in (two, one):
        undone(merge)
    assert [balance(wallet) for wallet in wallets] == [300, 0, 0]
    assert [member.subscriptions.live().count() for member in (first, second, third)] == [1, 0, 0]
    assert differences() == []
    assert_books_balance()


def test_undoing_is_refused_once_the_points_were_spent_and_possible_when_they_came_back() -> None:
    former, survivor = two_wallets(300)
    benefit = an_exchange(100)
    merge = merged(former, survivor)
    use = redeem(survivor, benefit, key="use:1", on=TODAY, at=morning(TODAY), actor=None)
    assert "Of 300 points that came with the merge 100 were spent" in hindrances_of(merge, on=TODAY)[0]
    return_redemption(use, key="back:1", on=TODAY, at=morning(TODAY), actor=None, reason="取消")
    assert undone(merge).undone_on == TODAY
    assert balance(former.enrolments.get()) == 300
    spend(former.enrolments.get(), 300)
    assert differences() == []


def test_closing_the_account_after_a_card_went_takes_both_numbers_once_the_card_is_over() -> None:
    former, survivor = two_wallets()
    card = a_card(an_annual_card(former.enrolments.get().programme), member=former)
    merge = merged(former, survivor)
    closing = {"reason": "注销", "on": TODAY + DAY, "at": morning(TODAY + DAY), "actor": an_asker(), "checker": None}
    with pytest.raises(Exception, match="card"):
        close_account(survivor, **closing)
    survivor.subscriptions.update(cancelled_on=TODAY, ended_on=TODAY)
    close_account(survivor, **closing)
    assert card.member.contacts.exclude(name="", mobile="", email="").count() == 0
    assert "erased" in hindrances_of(merge, on=TODAY + DAY)[0]
    assert differences(on=TODAY + DAY) == []


def test_lists_of_points_and_of_limits_that_name_it_are_refused_with_the_number_to_name() -> None:
    former, survivor = two_wallets()
    merged(former, survivor)
    desk = granted(an_asker(), "memberships.adjust_points")
    batch = checked(adjustments_of(points_row(former.number, "100")), by=desk, kind="points-adjustments")
    assert [(fault.line, fault.code, fault.expected) for fault in faults(batch)] == [
        (2, "member_merged", survivor.number)
    ]
    firm, other = a_firm(), a_firm()
    merged(firm, other)
    batch = checked(limits_of(limit_row(firm)), by=a_controller(), kind="credit-grants")
    assert [(fault.line, fault.code, fault.expected) for fault in faults(batch)] == [(2, "member_merged", other.number)]


def test_a_list_that_was_checked_before_gives_nothing_to_the_number_that_ended_since() -> None:
    former, survivor = two_wallets()
    desk = granted(an_asker(), "memberships.adjust_points")
    batch = checked(adjustments_of(points_row(former.number, "100")), by=desk, kind="points-adjustments")
    merged(former, survivor)
    batch = worked(confirmed(batch))
    assert (batch.applied, batch.left_out) == (0, 1)
    assert not PointsEntry.objects.exists()

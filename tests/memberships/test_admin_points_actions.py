"""What operators do to wallets: adjust, put off an end, give expired points again, reverse; alone up to a limit."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse as url_of

from memberships.admin.display import today
from memberships.models import AdjustmentReason, Enrolment, LotExtension, PointsEntry, PointsLot, PointsPolicy
from operations.models import Approval, User
from operations.services.approvals import approve
from tests.memberships.admin_pages import granted, may_alone, signed_in
from tests.memberships.factories import an_operator
from tests.memberships.points_stories import a_wallet, balance, earn, expire, morning, spend

pytestmark = pytest.mark.django_db
VIEW = ("memberships.view_enrolment", "memberships.view_pointsentry", "memberships.view_pointslot",
        "memberships.view_lotextension", "operations.view_approval")
ACTIONS = ("extend_points", "reinstate_points", "reverse_points", "adjust_points")


def days(number: int) -> Any:
    return today() + timedelta(days=number)


def an_agent(limit: int | None = 1000, *, actions: tuple[str, ...] = ACTIONS) -> User:
    """An operator who does so many points of each action alone."""
    agent = granted(an_operator(), *VIEW, *(f"memberships.{action}" for action in actions))
    for action in actions:
        agent = may_alone(agent, action, limit)
    return agent


def a_checker() -> User:
    return granted(an_operator("laowang"), *VIEW, "operations.decide_approval")


@pytest.fixture
def wallet() -> Enrolment:
    wallet = a_wallet()
    PointsPolicy.objects.create(
        programme=wallet.programme, expiry="months", expiry_months=12, reinstate_days=30, reversal="within_balance"
    )
    return wallet


def page_of(record: Any, action: str) -> str:
    return url_of(f"admin:memberships_{record._meta.model_name}_{action}", args=[record.pk])


def do(desk: Client, record: Any, action: str, **fields: Any) -> Any:
    """Open the confirmation, fill it in, send it; the page after it."""
    asked = desk.get(page_of(record, action))
    assert asked.status_code == 200, asked
    seen = asked.context["form"].initial["seen"]
    filled = {"reason": "the app was down", "seen": seen, **fields}
    return desk.post(page_of(record, action), filled, follow=True)


def said(page: Any) -> str:
    return " ".join(str(message) for message in page.context["messages"])


def wallet_text(desk: Client, wallet: Enrolment) -> str:
    return desk.get(f"/admin/memberships/enrolment/{wallet.pk}/change/").content.decode()


def test_operator_puts_off_the_end_of_points_and_the_page_shows_it(wallet: Enrolment) -> None:
    earn(wallet, 100, expires_on=days(5), on=days(-30))
    desk = signed_in(an_agent())
    assert "Put off the end of points" in wallet_text(desk, wallet)
    page = do(desk, wallet, "extend", ending_by=days(5), to_date=days(40))
    assert f"100 points end on {days(40)}" in said(page)
    extension = LotExtension.objects.get()
    assert (extension.from_date, extension.to_date, extension.reason) == (days(5), days(40), "the app was down")
    assert f"{days(40)}" in page.content.decode() and 'id="extensions"' in page.content.decode()


def test_page_says_what_ends_next_and_what_is_pending_day_by_day(wallet: Enrolment) -> None:
    for points, day in ((10, days(5)), (20, days(5)), (40, days(9))):
        earn(wallet, points, expires_on=day, on=days(-30))
    earn(wallet, 70, pending_until=days(7), on=days(-4))
    page = signed_in(an_agent()).get(f"/admin/memberships/enrolment/{wallet.pk}/change/")
    assert page.context["endings"] == [(days(5), 30), (days(9), 40)]
    assert page.context["days"] == [(days(5), 30, "expire"), (days(7), 70, "post"), (days(9), 40, "expire")]
    assert "last day of their return window" in page.content.decode()


def test_running_balance_goes_back_entry_by_entry_over_the_pages(wallet: Enrolment, monkeypatch: Any) -> None:
    monkeypatch.setattr("memberships.admin.points_page.PAGE_SIZE", 2)
    earn(wallet, 100, on=days(-30))
    spend(wallet, 30, on=days(-20))
    earn(wallet, 7, pending_until=days(3), on=days(-10))
    earn(wallet, 5, on=days(-1))
    desk, query, found = signed_in(an_agent()), "", []
    while True:
        entries = desk.get(f"/admin/memberships/enrolment/{wallet.pk}/change/{query}").context["entries"]
        found += [(line.entry.points, line.balance) for line in entries.lines]
        query = entries.next_url
        if not query:
            break
    assert found == [(5, 75), (7, None), (-30, 70), (100, 100)]


def test_form_names_a_day_that_is_no_later_one(wallet: Enrolment) -> None:
    earn(wallet, 100, expires_on=days(5), on=days(-30))
    page = do(signed_in(an_agent()), wallet, "extend", ending_by=days(5), to_date=days(5))
    assert page.status_code == 422 and "no later day" in page.content.decode()


def test_second_click_on_the_same_page_does_nothing_more(wallet: Enrolment) -> None:
    earn(wallet, 100, expires_on=days(5), on=days(-30))
    desk = signed_in(an_agent())
    seen = desk.get(page_of(wallet, "extend")).context["form"].initial["seen"]
    fields = {"ending_by": days(5), "to_date": days(9), "reason": "twice", "seen": seen}
    desk.post(page_of(wallet, "extend"), fields)
    page = desk.post(page_of(wallet, "extend"), {**fields, "to_date": days(30)}, follow=True)
    assert "changed since" in said(page)
    assert PointsLot.objects.get().expires_on == days(9)


def test_wallet_without_an_end_has_nothing_to_put_off(wallet: Enrolment) -> None:
    earn(wallet, 100, on=days(-30))
    page = signed_in(an_agent()).get(page_of(wallet, "extend"), follow=True)
    assert "No points of this wallet end" in said(page)


def test_extension_over_the_limit_waits_for_another_person_who_approves_it(wallet: Enrolment) -> None:
    earn(wallet, 5000, expires_on=days(5), on=days(-30))
    desk = signed_in(an_agent(1000))
    page = do(desk, wallet, "extend", ending_by=days(5), to_date=days(40))
    assert "takes a second person" in said(page)
    assert "Waiting for approval" in page.content.decode()
    assert PointsLot.objects.get().expires_on == days(5)
    request = Approval.objects.get()
    assert (request.amount, request.subject_id) == (5000, wallet.pk)
    approve(request, checker=a_checker(), decision="seen", on=today(), at=morning(today()))
    assert PointsLot.objects.get().expires_on == days(40)


def test_approval_is_refused_when_points_were_spent_meanwhile(wallet: Enrolment) -> None:
    earn(wallet, 5000, expires_on=days(5), on=days(-30))
    do(signed_in(an_agent(1000)), wallet, "extend", ending_by=days(5), to_date=days(40))
    spend(wallet, 1, on=today())
    request = approve(Approval.objects.get(), checker=a_checker(), decision="seen", on=today(), at=morning(today()))
    assert request.state == Approval.State.REFUSED
    assert PointsLot.objects.get().expires_on == days(5)


def test_expired_points_are_given_again_from_their_entry(wallet: Enrolment) -> None:
    earn(wallet, 100, expires_on=days(-3), on=days(-30))
    expire(wallet, on=today())
    expired = PointsEntry.objects.get(kind="expire")
    desk = signed_in(an_agent())
    assert page_of(expired, "reinstate") in wallet_text(desk, wallet)
    page = do(desk, expired, "reinstate", expires_on=days(60))
    assert "100 points were given again" in said(page)
    assert balance(wallet) == 100
    assert page_of(expired, "reinstate") not in page.content.decode()
    again = desk.get(page_of(expired, "reinstate"), follow=True)
    assert "cannot be given again" in said(again)


def test_points_that_expired_too_long_ago_are_not_offered(wallet: Enrolment) -> None:
    earn(wallet, 100, expires_on=days(-31), on=days(-60))
    expire(wallet, on=today())
    expired = PointsEntry.objects.get(kind="expire")
    assert page_of(expired, "reinstate") not in wallet_text(signed_in(an_agent()), wallet)


def test_reinstatement_over_the_limit_takes_two(wallet: Enrolment) -> None:
    earn(wallet, 5000, expires_on=days(-3), on=days(-30))
    expire(wallet, on=today())
    desk = signed_in(an_agent(1000))
    page = do(desk, PointsEntry.objects.get(kind="expire"), "reinstate", expires_on="")
    assert "takes a second person" in said(page) and balance(wallet) == 0
    approve(Approval.objects.get(), checker=a_checker(), decision="seen", on=today(), at=morning(today()))
    assert balance(wallet) == 5000


def test_award_and_spend_are_reversed_from_their_entries(wallet: Enrolment) -> None:
    award = earn(wallet, 100, on=days(-30))
    spent = spend(wallet, 30, on=days(-20))
    desk = signed_in(an_agent())
    assert "30 points were given back" in said(do(desk, spent, "reverse"))
    assert "100 points were taken back" in said(do(desk, award, "reverse"))
    assert balance(wallet) == 0
    text = wallet_text(desk, wallet)
    assert page_of(award, "reverse") not in text and page_of(spent, "reverse") not in text


def test_points_are_adjusted_with_a_reason_code(wallet: Enrolment) -> None:
    AdjustmentReason.objects.get_or_create(code="goodwill", defaults={"name": "补偿", "name_en": "Goodwill"})
    desk = signed_in(an_agent())
    do(desk, wallet, "adjust", points=50, qualifying=0, reason_code="goodwill", expires_on=days(60))
    entry = PointsEntry.objects.get()
    assert (entry.kind, entry.points, entry.reason, balance(wallet)) == ("adjust", 50, "the app was down", 50)
    page = do(desk, wallet, "adjust", points=-60, qualifying=0, reason_code="goodwill", expires_on="")
    assert page.status_code == 422 and balance(wallet) == 50


def test_adjustment_over_the_limit_takes_two(wallet: Enrolment) -> None:
    AdjustmentReason.objects.get_or_create(code="goodwill", defaults={"name": "补偿", "name_en": "Goodwill"})
    page = do(
        signed_in(an_agent(100)), wallet, "adjust", points=500, qualifying=0, reason_code="goodwill", expires_on=""
    )
    assert "takes a second person" in said(page) and balance(wallet) == 0


def test_more_than_there_is_is_not_even_asked_for(wallet: Enrolment) -> None:
    AdjustmentReason.objects.get_or_create(code="goodwill", defaults={"name": "补偿", "name_en": "Goodwill"})
    earn(wallet, 400, on=days(-30))
    desk = signed_in(an_agent(100))
    page = do(desk, wallet, "adjust", points=-500, qualifying=0, reason_code="goodwill", expires_on="")
    assert page.status_code == 422 and not Approval.objects.exists()


def test_approver_reads_in_their_language_what_was_asked_for_in_another(wallet: Enrolment) -> None:
    desk = Client(headers={"accept-language": "zh-hans"})
    desk.force_login(an_agent(100))
    do(desk, wallet, "adjust", points=500, qualifying=0, reason_code="goodwill", expires_on="")
    request = Approval.objects.get()
    assert "调整积分" in request.summary and request.figures[0] == ["积分", "500"]
    checker = signed_in(a_checker())
    address = f"/admin/operations/approval/{request.pk}/"
    for page in ("/admin/operations/approval/", f"{address}change/", f"{address}approve/",
                 f"/admin/memberships/enrolment/{wallet.pk}/change/"):
        text = checker.get(page).content.decode()
        assert f"Adjust the points of member {wallet} by 500: Goodwill." in text and "调整积分" not in text
    assert "<dt>Points</dt>" in checker.get(f"{address}change/").content.decode()
    assert "调整积分" in desk.get(f"/admin/memberships/enrolment/{wallet.pk}/change/").content.decode()


def test_request_from_before_is_read_as_it_was_written(wallet: Enrolment) -> None:
    do(signed_in(an_agent(100)), wallet, "adjust", points=500, qualifying=0, reason_code="goodwill", expires_on="")
    request = Approval.objects.get()
    request.texts = {}
    assert str(request) == request.summary and request.shown_figures == request.figures


def test_reversal_over_the_limit_says_what_would_be_taken(wallet: Enrolment) -> None:
    award = earn(wallet, 5000, on=days(-30))
    spend(wallet, 4200, on=days(-20))
    assert "takes a second person" in said(do(signed_in(an_agent(1000)), award, "reverse"))
    request = Approval.objects.get()
    figures = dict(request.figures)
    assert figures["Left to be reversed"] == "5,000"
    assert (figures["Would be taken or given back"], figures["Not there any more"]) == ("800", "4,200")
    approve(request, checker=a_checker(), decision="seen", on=today(), at=morning(today()))
    request.refresh_from_db()
    assert request.state == Approval.State.EXECUTED and balance(wallet) == 0


@pytest.mark.parametrize(("spent", "state"), [(500, "executed"), (1500, "refused")])
def test_what_happens_in_the_wallet_refuses_a_reversal_only_where_it_comes_out_otherwise(
    wallet: Enrolment, spent: int, state: str
) -> None:
    award = earn(wallet, 5000, on=days(-30))
    earn(wallet, 1000, on=days(-30))
    do(signed_in(an_agent(1000)), award, "reverse")
    spend(wallet, spent, on=days(-1))
    approve(Approval.objects.get(), checker=a_checker(), decision="seen", on=today(), at=morning(today()))
    assert Approval.objects.get().state == state
    assert balance(wallet) == (500 if state == "executed" else 4500)


def test_a_reversal_that_the_policy_forbids_is_not_even_asked_for(wallet: Enrolment) -> None:
    PointsPolicy.objects.update(reversal="pending_only")
    award = earn(wallet, 5000, on=days(-30))
    assert do(signed_in(an_agent(1000)), award, "reverse").status_code == 422
    assert not Approval.objects.exists() and balance(wallet) == 5000


@pytest.mark.parametrize("action", ["adjust", "extend"])
def test_who_may_only_look_is_refused(wallet: Enrolment, action: str) -> None:
    earn(wallet, 100, expires_on=days(5), on=days(-30))
    desk = signed_in(granted(an_operator(), *VIEW))
    assert desk.get(page_of(wallet, action)).status_code == 403
    assert page_of(wallet, action) not in wallet_text(desk, wallet)


@pytest.mark.parametrize("action", ["reinstate", "reverse"])
def test_who_may_only_look_at_entries_is_refused(wallet: Enrolment, action: str) -> None:
    entry = earn(wallet, 100, on=days(-30))
    desk = signed_in(granted(an_operator(), *VIEW))
    assert desk.get(page_of(entry, action)).status_code == 403
    assert page_of(entry, action) not in wallet_text(desk, wallet)


def test_page_of_an_entry_is_its_wallets_at_the_entry(wallet: Enrolment) -> None:
    entry = earn(wallet, 100, on=days(-30))
    desk = signed_in(an_agent())
    answer = desk.get(f"/admin/memberships/pointsentry/{entry.pk}/change/")
    assert answer.url.endswith(f"#entry-{entry.pk}")
    assert f'id="entry-{entry.pk}"' in desk.get(answer.url).content.decode()
    assert desk.get("/admin/memberships/pointsentry/").status_code == 200

"""Points of many members: said once, looked at, weighed by their sum, booked once for each."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from memberships.admin.display import today
from memberships.models import Enrolment, PointsEntry
from operations.models import Approval, BulkChange
from operations.services.bulk_changes import do_row
from tests.memberships.admin_pages import signed_in
from tests.memberships.factories import a_person
from tests.memberships.points_stories import a_wallet, balance, earn, morning, spend
from tests.memberships.test_admin_points_actions import a_checker, an_agent
from tests.memberships.test_bulk_actions import SEES, granted, outcomes, tick, worked

pytestmark = pytest.mark.django_db
WALLETS = "/admin/memberships/enrolment/"
NOW = today()


def some_wallets(number: int, *, points: int = 0) -> list[Enrolment]:
    wallets = [a_wallet(a_person()) for _number in range(number)]
    for wallet in wallets:
        if points:
            earn(wallet, points, on=NOW - timedelta(days=1))
    return wallets


def a_desk(limit: int = 1_000) -> Client:
    return signed_in(granted(an_agent(limit), SEES))


def said(desk: Client, wallets: list[Enrolment], **fields: Any) -> tuple[str, Any]:
    """Tick them, say what each gets: the address of the choice, and the answer."""
    url = tick(desk, WALLETS, "adjust_wallets", *wallets)["Location"]
    assert "holds for all of them" in desk.get(url).content.decode()
    filled = {"points": 0, "qualifying": 0, "reason_code": "goodwill", "expires_on": "", **fields}
    return url, desk.post(url, filled)


def test_each_member_gets_the_points_once_and_the_reason() -> None:
    first, second = some_wallets(2, points=100)
    desk = a_desk()
    url, answer = said(desk, [first, second], points=50, expires_on=NOW + timedelta(days=60))
    assert answer.status_code == 302 and balance(first) == 100, "nothing is done by saying it"
    page = desk.get(url).content.decode()
    assert "50 points: 100 become 150." in page and "Points for each" in page and ">100</dd>" in page
    desk.post(url, {"reason": "活动补发"})
    change = worked(BulkChange.objects.get())
    assert outcomes(change) == ["done", "done"]
    entries = PointsEntry.objects.filter(kind="adjust").order_by("pk")
    assert [(entry.points, entry.reason, entry.reason_code.code) for entry in entries if entry.reason_code] == [
        (50, "活动补发", "goodwill"), (50, "活动补发", "goodwill")
    ]
    # A worker that died after a wallet was adjusted and before that was written down does the row again.
    row = change.rows.order_by("place").first()
    assert row is not None
    assert do_row(change, row, on=NOW, at=morning(NOW)).outcome == "done"
    assert balance(first) == balance(second) == 150


def test_the_sum_takes_two_people_and_the_checker_sees_what_was_said() -> None:
    wallets = some_wallets(3)
    desk = a_desk(limit=100)
    url, _answer = said(desk, wallets, points=50)
    assert desk.post(url, {"reason": "活动补发"}).status_code == 302
    change, request = BulkChange.objects.get(), Approval.objects.get()
    assert change.state == "waiting" and not PointsEntry.objects.filter(kind="adjust").exists()
    assert ["Points for each", "50"] in request.texts["en"][1] and ["Sum (points)", "150"] in request.texts["en"][1]
    checker = signed_in(granted(a_checker(), SEES))
    assert checker.post(f"/admin/operations/approval/{request.pk}/approve/", {"reason": "核实"}).status_code == 302
    change = worked(change)
    assert outcomes(change) == ["done"] * 3 and change.approval_id == request.pk
    assert [balance(wallet) for wallet in wallets] == [50] * 3


def test_small_choices_of_a_day_weigh_together() -> None:
    """Whether the first is done already or is still being done; what was refused of it does not count."""
    wallets = some_wallets(3, points=100)
    desk = a_desk(limit=100)
    url, _answer = said(desk, wallets, points=-30)
    desk.post(url, {"reason": "误发收回"})
    spend(wallets[0], 90)
    for before in ("90", "60"):
        again, _answer = said(desk, wallets[2:], points=41)
        desk.post(again, {"reason": "再补"})
        figures = dict(Approval.objects.latest("pk").texts["en"][1])
        assert figures["Done alone before, by other bulk actions (points)"] == before
        worked(BulkChange.objects.earliest("pk"))
    assert BulkChange.objects.filter(state="waiting").count() == 2
    last, _answer = said(desk, wallets[2:], points=40)
    desk.post(last, {"reason": "再补"})
    assert BulkChange.objects.filter(state="running").count() == 1


def test_points_that_are_not_there_are_not_taken_and_the_others_are() -> None:
    (rich,), (poor,) = some_wallets(1, points=100), some_wallets(1, points=10)
    desk = a_desk()
    url, _answer = said(desk, [rich, poor], points=-60)
    assert "only 10 can be taken" in desk.get(url).content.decode()
    desk.post(url, {"reason": "误发收回"})
    assert sorted(outcomes(worked(BulkChange.objects.get()))) == ["done", "refused"]
    assert (balance(rich), balance(poor)) == (40, 10)


def test_nothing_is_confirmed_before_it_was_said_and_nothing_said_is_changed() -> None:
    (wallet,) = some_wallets(1)
    desk = a_desk()
    for wrong in ({"points": 0}, {"points": 5, "expires_on": NOW}, {"points": 5, "reason_code": "mood"}):
        BulkChange.objects.all().delete()
        url, answer = said(desk, [wallet], **wrong)
        assert answer.status_code == 422
    assert desk.post(url, {"reason": "直接确认"}).status_code == 422
    url, _answer = said(desk, [wallet], points=5)
    desk.post(url, {"points": 500, "qualifying": 0, "reason_code": "goodwill", "reason": "改大"})
    change = worked(BulkChange.objects.latest("pk"))
    assert change.given["points"] == 5 and balance(wallet) == 5


def test_only_who_chose_says_what_is_done() -> None:
    (wallet,) = some_wallets(1)
    url = tick(a_desk(), WALLETS, "adjust_wallets", wallet)["Location"]
    checker = signed_in(granted(a_checker(), SEES))
    assert "has not said yet" in checker.get(url).content.decode()
    assert checker.post(url, {"points": 5, "reason_code": "goodwill"}).status_code == 403


def test_what_could_not_be_done_when_it_was_weighed_is_left_out_also_if_it_could_by_now() -> None:
    """Else a choice that weighs nothing would take what came into the wallets after it."""
    rich, poor = some_wallets(2, points=100)
    desk = a_desk(limit=60)
    known = PointsEntry.objects.count()
    url, _answer = said(desk, [rich, poor], points=-500)
    for wallet in (rich, poor):
        earn(wallet, 900, on=NOW - timedelta(days=1))
    assert desk.post(url, {"reason": "清理"}).status_code == 302
    change = worked(BulkChange.objects.get())
    assert not Approval.objects.exists() and outcomes(change) == ["left_out"] * 2
    assert balance(rich) == balance(poor) == 1_000 and PointsEntry.objects.count() == known + 2

"""Exceptions for many firms at once: weighed together, made as for one firm, signed by both people."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from credit.models import BlockingExclusion, CreditLine, OverduePause
from credit.services.line_changes import close_line, highest_limit, highest_limits, raise_for_a_time
from memberships.admin.display import today
from operations.models import Approval, BulkChange
from tests.credit.credit_stories import a_controller, a_line, a_policy, an_approver, an_invoice
from tests.memberships.admin_pages import signed_in
from tests.memberships.points_stories import morning
from tests.memberships.test_bulk_actions import outcomes, tick, worked

pytestmark = pytest.mark.django_db
LINES = "/admin/credit/creditline/"
NOW = today()
DAY = timedelta(days=1)
RULE = {"code": "overdue", "kind": "overdue_days", "threshold": "30", "name": {"zh": "逾期", "en": "Overdue"}}


@pytest.fixture
def desk() -> Client:
    a_policy(blocking=[RULE])
    return signed_in(a_controller())


def said(desk: Client, action: str, lines: list[CreditLine], **fields: Any) -> str:
    url = str(tick(desk, LINES, action, *lines)["Location"])
    assert desk.post(url, {"starts_on": NOW, "ends_on": NOW + 9 * DAY, **fields}).status_code == 302
    return url


def approved(request: Approval) -> None:
    url = f"/admin/operations/approval/{request.pk}/approve/"
    assert signed_in(an_approver()).post(url, {"reason": "核实"}).status_code == 302


def test_small_lines_are_excluded_at_once_and_the_sum_of_large_ones_takes_two(desk: Client) -> None:
    small = [a_line(40_000, on=NOW), a_line(60_000, on=NOW)]
    url = said(desk, "exclude_lines", small, rule="overdue")
    page = desk.get(url).content.decode()
    assert "100,000.00" in page and "may owe up to 40,000.00 CNY" in page and not BlockingExclusion.objects.exists()
    desk.post(url, {"reason": "系统迁移"})
    assert outcomes(worked(BulkChange.objects.get())) == ["done", "done"]
    assert set(BlockingExclusion.objects.values_list("rule", "ends_on", "reason", "checker")) == {
        ("overdue", NOW + 9 * DAY, "系统迁移", None)
    }
    more = [*small, a_line(1_000, on=NOW)]
    url = said(desk, "exclude_lines", more, rule="overdue", ends_on=NOW + 20 * DAY)
    desk.post(url, {"reason": "系统迁移"})
    change, request = BulkChange.objects.latest("pk"), Approval.objects.get()
    assert change.state == "waiting" and ["Blocking rule", "overdue"] in request.texts["en"][1]
    approved(request)
    assert outcomes(worked(change)) == ["done"] * 3
    longer = BlockingExclusion.objects.filter(ends_on=NOW + 20 * DAY)
    assert {(each.maker_id, each.checker_id, each.approval_id) for each in longer} == {
        (request.maker_id, Approval.objects.get().checker_id, request.pk)
    }


def test_a_pause_of_a_week_of_many_firms_is_weighed_by_all_their_days(desk: Client) -> None:
    lines = [a_line(10_000, on=NOW - 60 * DAY) for _number in range(4)]
    for line in lines:
        an_invoice(line, 500, on=NOW - 50 * DAY)
    url = said(desk, "pause_lines", lines[:3])
    desk.post(url, {"reason": "物流停运"})
    assert outcomes(worked(BulkChange.objects.get())) == ["done"] * 3, "thirty days"
    assert OverduePause.objects.count() == 3
    # Each is beside the pause it has: as many days as both of them, of three firms.
    url = said(desk, "pause_lines", lines[:3], starts_on=NOW + 10 * DAY, ends_on=NOW + 11 * DAY)
    desk.post(url, {"reason": "物流停运"})
    change, request = BulkChange.objects.latest("pk"), Approval.objects.get()
    assert change.state == "waiting" and OverduePause.objects.count() == 3
    approved(request)
    assert outcomes(worked(change)) == ["done"] * 3
    assert OverduePause.objects.filter(approval=request).count() == 3


def test_a_pause_that_takes_states_back_takes_two_however_short(desk: Client) -> None:
    line = a_line(10_000, on=NOW - 60 * DAY)
    url = said(desk, "pause_lines", [line], starts_on=NOW - DAY, ends_on=NOW)
    desk.post(url, {"reason": "争议"})
    assert BulkChange.objects.get().state == "waiting" and not OverduePause.objects.exists()


def test_a_closed_line_and_a_line_that_changed_are_left_out(desk: Client) -> None:
    closed, paused, open_line = (a_line(10_000, on=NOW) for _number in range(3))
    close_line(closed, on=NOW, at=morning(NOW), actor=None, reason="结清")
    url = said(desk, "pause_lines", [closed, paused, open_line])
    assert "is closed" in desk.get(url).content.decode()
    other = said(desk, "pause_lines", [paused])
    desk.post(other, {"reason": "争议"})
    worked(BulkChange.objects.latest("pk"))
    desk.post(url, {"reason": "物流停运"})
    assert sorted(outcomes(worked(BulkChange.objects.earliest("pk")))) == ["done", "left_out", "refused"]


def test_days_that_cannot_be_are_said_back(desk: Client) -> None:
    url = tick(desk, LINES, "exclude_lines", a_line(10_000, on=NOW))["Location"]
    for first, last in ((NOW - DAY, NOW), (NOW + DAY, NOW)):
        answer = desk.post(url, {"rule": "overdue", "starts_on": first, "ends_on": last})
        assert answer.status_code == 422
    assert desk.post(url, {"rule": "mood", "starts_on": NOW, "ends_on": NOW}).status_code == 422


def test_the_most_that_many_lines_may_owe_is_what_each_may(desk: Client) -> None:
    lines = [a_line(10_000, on=NOW), a_line(20_000, on=NOW)]
    raise_for_a_time(
        lines[1], amount=Decimal(5_000), starts_on=NOW + 3 * DAY, ends_on=NOW + 5 * DAY, key="peak", on=NOW,
        at=morning(NOW), actor=None, reason="旺季",
    )
    for begins, ends, most in ((0, 2, 20_000), (0, 3, 25_000), (6, 9, 20_000)):
        first, last = NOW + begins * DAY, NOW + ends * DAY
        found = highest_limits([line.pk for line in lines], starts_on=first, ends_on=last)
        assert found == {lines[0].pk: 10_000, lines[1].pk: most}
        assert highest_limit(lines[1], starts_on=first, ends_on=last) == most

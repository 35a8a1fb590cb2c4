"""Payments at once: tried again one by one; given back, by two people where the sum is over one's limit."""

import pytest
from django.test import Client
from django.utils import timezone

from memberships.admin.display import today
from memberships.models import Payment
from memberships.services.renewals import renew_subscription
from operations.models import Approval, BulkChange
from operations.tasks import work_on_run
from tests.gateway import GatewayForTests
from tests.memberships.admin_pages import granted, signed_in
from tests.memberships.desk_stories import REFUND, VIEWS, a_declined_card, a_due_card, a_plan, an_operators_desk
from tests.memberships.factories import an_operator
from tests.memberships.test_bulk_actions import outcomes, tick, worked

pytestmark = pytest.mark.django_db(transaction=True)
LIST = "/admin/memberships/payment/"


def test_declined_payments_are_tried_again_and_the_sum_of_refunds_takes_a_second_person(
    gateway: GatewayForTests,
) -> None:
    desk = an_operators_desk(REFUND, "operations.view_bulkchange", "operations.view_approval")
    plan = a_plan()
    _card, soft = a_declined_card("tok_soft", plan=plan)
    _card, hard = a_declined_card("tok_hard", plan=plan)
    fine, *others = [
        renew_subscription(a_due_card(plan=plan), on=today(), at=timezone.now(), actor=None) for _number in range(6)
    ]
    url = tick(desk, LIST, "retry_payments_now", soft, hard, fine)["Location"]
    page = desk.get(url).content.decode()
    assert "Attempt 2: 99.00 CNY" in page and "Only a declined payment" in page and "198.00" in page
    desk.post(url, {"reason": "银行故障已排除"})
    change = worked(BulkChange.objects.get())
    assert outcomes(change) == ["refused", "done", "done"]
    soft.refresh_from_db()
    assert soft.attempt == 2
    work_on_run(change.run_id)  # type: ignore[arg-type]
    soft.refresh_from_db()
    assert soft.attempt == 2, "nothing is done twice"
    _the_sum_counts(desk, [fine, *others])


def _the_sum_counts(desk: Client, payments: list[Payment]) -> None:
    """Six times 99 CNY are over the 500 CNY that the operator gives back alone, though each is far below."""
    url = tick(desk, LIST, "refund_payments", *payments)["Location"]
    assert "594.00" in desk.get(url).content.decode()
    desk.post(url, {"reason": "活动退费"})
    change = BulkChange.objects.latest("pk")
    assert (change.state, change.run, Payment.objects.filter(refunded__gt=0).count()) == ("waiting", None, 0)
    desk.post(url, {"reason": "活动退费"})
    request = Approval.objects.get()
    assert "6 records" in request.summary and ["Sum (CNY)", "594.00"] in request.figures
    laowang = signed_in(granted(
        an_operator("laowang"), *VIEWS, "operations.view_approval", "operations.view_bulkchange",
        "operations.decide_approval",
    ))
    assert laowang.post(f"/admin/operations/approval/{request.pk}/approve/", {"reason": "核实无误"}).status_code == 302
    change = worked(change)
    assert (change.state, change.checker and change.checker.username) == ("done", "laowang")
    assert outcomes(change) == ["done"] * 6
    assert Payment.objects.filter(refunded=99).count() == 6

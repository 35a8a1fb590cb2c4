"""Two people at the same moment: one decision, one execution."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from operations.errors import ApprovalError
from operations.models import Approval, User
from operations.services.approvals import approve, expire_overdue, reject, withdraw
from tests.operations.approval_stories import NOON, a_checker, a_painter, a_request, a_wall, ask_to_paint, painting
from tests.operations.job_stories import DAY, together

pytestmark = pytest.mark.django_db(transaction=True)
LATER = NOON + timedelta(hours=1)
State = Approval.State


@pytest.fixture(autouse=True)
def _painting() -> Iterator[None]:
    with painting():
        yield


def attempt(act: Callable[[], Approval]) -> Callable[[], str]:
    """The state it led to, or that it was refused."""

    def attempted() -> str:
        try:
            return act().state
        except ApprovalError:
            return "too late"

    return attempted


def approving(request: Approval, checker: User) -> Callable[[], str]:
    return attempt(lambda: approve(request, checker=checker, decision="", on=DAY, at=LATER))


def coats() -> int:
    return User.objects.filter(username__startswith="coat").count()


def test_two_approvers_at_once_give_one_execution() -> None:
    request = a_request(a_wall(), a_painter())
    states = together(*[approving(request, a_checker(name)) for name in ("laowang", "laoli", "laozhang")])
    assert sorted(states) == [State.EXECUTED, "too late", "too late"]
    assert coats() == 1


@pytest.mark.parametrize("round_", range(5))
def test_withdrawing_while_it_is_approved_is_one_or_the_other(round_: int) -> None:
    wall, maker = a_wall(), a_painter()
    request = a_request(wall, maker)
    states = together(
        approving(request, a_checker()), attempt(lambda: withdraw(request, actor=maker, reason="", at=LATER))
    )
    assert sorted(states) in ([State.EXECUTED, "too late"], ["too late", State.WITHDRAWN])
    assert coats() == (1 if State.EXECUTED in states else 0)
    request.refresh_from_db()
    assert request.state in states


def test_rejecting_and_expiring_while_it_is_approved_are_one_of_them() -> None:
    request = a_request(a_wall(), a_painter())

    def expire() -> Any:
        return State.EXPIRED if expire_overdue(request.expires_at) else "too late"

    rejecting = attempt(lambda: reject(request, checker=a_checker("laoli"), decision="No.", at=LATER))
    states = together(approving(request, a_checker()), rejecting, expire)
    assert states.count("too late") == 2
    assert coats() == (1 if State.EXECUTED in states else 0)


def test_the_same_asked_for_by_ten_at_once_is_one_request() -> None:
    wall, makers = a_wall(), [a_painter(f"painter{number}") for number in range(10)]
    requests = together(*[lambda maker=maker: ask_to_paint(wall, maker) for maker in makers])
    assert len({request.pk for request in requests}) == Approval.objects.count() == 1

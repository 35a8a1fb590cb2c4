"""Maker and checker: who asks, who decides, and that exactly what was asked for happens, once."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.db import IntegrityError, connection, transaction
from django.utils import translation

from operations import registry, roles
from operations.approvals import Outcome
from operations.errors import ApprovalError, KeyConflictError, NotPermittedError, UnknownNameError
from operations.models import Approval, ApprovalLimit, User
from operations.services.approvals import (
    NO_LIMIT,
    approve,
    ask,
    expire_overdue,
    limit_of,
    may_decide,
    reject,
    requests_about,
    takes_two,
    withdraw,
)
from tests.operations.approval_stories import (
    NOON,
    PaintWall,
    a_checker,
    a_painter,
    a_request,
    a_wall,
    ask_to_paint,
    painting,
    rights,
)
from tests.operations.job_stories import DAY

pytestmark = pytest.mark.django_db
State = Approval.State
LATER = NOON + timedelta(hours=1)


@pytest.fixture(autouse=True)
def _painting() -> Iterator[None]:
    with painting():
        yield


def colour(wall: User) -> str:
    return User.objects.get(pk=wall.pk).first_name


def approved(request: Approval, checker: User, **facts: Any) -> Approval:
    return approve(request, checker=checker, on=DAY, **{"decision": "", "at": LATER, **facts})


# --- limits


def test_up_to_the_limit_it_is_done_at_once() -> None:
    wall, maker = a_wall(), a_painter(litres=5)
    assert ask_to_paint(wall, maker, litres="5") == Outcome("It is red.", {"by": "xiaomei", "checker": None})
    assert (colour(wall), Approval.objects.count()) == ("red", 0)


def test_over_the_limit_it_waits_with_everything_it_will_do() -> None:
    wall, maker = a_wall(), a_painter(litres=5)
    request = a_request(wall, maker, litres="5.01")
    assert (colour(wall), request.state, request.amount) == ("", State.WAITING, Decimal("5.01"))
    assert request.payload == {"wall": wall.pk, "colour": "red", "litres": "5.01"}
    assert (request.summary, request.figures) == ("Paint it red.", [["Litres", "5.01"]])
    assert (request.maker, request.reason, request.expires_at) == (maker, "It is grey.", NOON + timedelta(days=7))
    assert requests_about(wall) == [request] and requests_about(maker) == []


def test_without_a_limit_everything_takes_two() -> None:
    assert isinstance(ask_to_paint(a_wall(), a_painter(litres=None), litres="0"), Approval)


def test_what_has_no_amount_always_takes_two() -> None:
    assert isinstance(ask_to_paint(a_wall(), a_painter(litres=100), litres=None), Approval)


def test_of_several_groups_the_highest_limit_counts() -> None:
    maker, action = a_painter(litres=5), registry.approval_actions.get("paint_wall")
    masters = Group.objects.create(name="masters")
    ApprovalLimit.objects.create(action="paint_wall", group=masters, amount=50)
    maker.groups.add(masters)
    assert limit_of(maker, action) == 50
    ApprovalLimit.objects.filter(group=masters).update(amount=None)
    assert limit_of(maker, action) == NO_LIMIT
    assert not takes_two(action, {"litres": "1000000"}, actor=maker)


def test_an_action_may_let_anybody_do_a_little() -> None:
    little = PaintWall()
    little.alone = Decimal(10)
    assert limit_of(a_painter("ling", litres=None), little) == 10
    assert limit_of(a_painter("daming", litres=5), little) == 10


def test_a_superuser_is_limited_as_an_administrator_is() -> None:
    root, action = User.objects.create_superuser("root"), registry.approval_actions.get("paint_wall")
    assert limit_of(root, action) is None
    administrators = Group.objects.get(name=roles.ADMINISTRATOR.group)
    ApprovalLimit.objects.create(action="paint_wall", group=administrators, amount=30)
    assert limit_of(root, action) == 30
    assert isinstance(ask_to_paint(a_wall(), root, litres="31"), Approval)


# --- asking


def test_who_may_not_do_it_may_not_ask_for_it() -> None:
    with pytest.raises(NotPermittedError):
        ask_to_paint(a_wall(), a_checker())
    with pytest.raises(UnknownNameError):
        ask("paint_the_sky", {}, actor=a_painter(), reason="It is grey.", on=DAY, at=NOON)


def test_a_request_needs_a_reason() -> None:
    with pytest.raises(ApprovalError):
        ask_to_paint(a_wall(), a_painter(), reason="  ")


def test_a_payload_is_json_or_it_is_not_taken() -> None:
    wall, maker = a_wall(), a_painter()
    for content in ({"wall": wall.pk, "litres": Decimal(20)}, {"wall": wall.pk, "litres": float("nan")}):
        with pytest.raises((TypeError, ValueError)):
            ask("paint_wall", content, actor=maker, reason="It is grey.", on=DAY, at=NOON)


def test_asking_again_returns_the_request_that_waits() -> None:
    wall, maker = a_wall(), a_painter()
    assert a_request(wall, maker) == a_request(wall, maker, at=LATER) == a_request(wall, a_painter("ling"))
    assert a_request(wall, maker, colour="blue") != a_request(wall, maker)


def test_a_key_that_waits_with_another_payload_is_refused() -> None:
    wall, maker = a_wall(), a_painter()
    first = a_request(wall, maker, key="wall:1")
    with pytest.raises(KeyConflictError):
        a_request(wall, maker, key="wall:1", colour="blue")
    reject(first, checker=a_checker(), decision="Grey is fine.", at=LATER)
    assert a_request(wall, maker, key="wall:1", colour="blue").state == State.WAITING


def test_after_a_request_has_expired_it_is_made_anew() -> None:
    wall, maker = a_wall(), a_painter()
    first = a_request(wall, maker)
    second = a_request(wall, maker, at=first.expires_at)
    first.refresh_from_db()
    assert (first.state, second.state) == (State.EXPIRED, State.WAITING)


# --- approving


def test_an_approved_request_does_exactly_what_was_asked_for() -> None:
    wall, maker, checker = a_wall(), a_painter(), a_checker()
    request = approved(a_request(wall, maker), checker, decision="Nice.")
    assert (request.state, request.outcome) == (State.EXECUTED, "It is red.")
    assert request.result == {"by": "xiaomei", "checker": "laowang"}
    assert (request.checker, request.decision, request.decided_at) == (checker, "Nice.", LATER)
    assert colour(wall) == "red" and requests_about(wall) == []


def test_nobody_approves_their_own_request_not_even_a_superuser() -> None:
    root = User.objects.create_superuser("root")
    request = a_request(a_wall(), root)
    with translation.override("en"), pytest.raises(ApprovalError, match="another person"):
        approved(request, root)
    with pytest.raises(IntegrityError), transaction.atomic():
        Approval.objects.filter(pk=request.pk).update(state="executed", checker=root, decided_at=LATER)


def test_deciding_takes_the_right_and_a_look_at_the_record() -> None:
    wall, maker = a_wall(), a_painter()
    request = a_request(wall, maker)
    blind = a_checker()
    blind.user_permissions.remove(*rights("view_user"))
    for user in (a_painter("ling"), User.objects.get(pk=blind.pk)):
        assert not may_decide(user, request)
        with pytest.raises(NotPermittedError):
            approved(request, user)
        with pytest.raises(NotPermittedError):
            reject(request, checker=user, decision="No.", at=LATER)
    assert colour(wall) == ""


def test_a_record_that_changed_meanwhile_refuses_the_request() -> None:
    wall, maker = a_wall(), a_painter()
    request = a_request(wall, maker)
    User.objects.filter(pk=wall.pk).update(first_name="blue")
    with translation.override("en"):
        request = approved(request, a_checker())
    assert request.state == State.REFUSED and "has changed since" in request.outcome
    assert colour(wall) == "blue"


def test_what_the_service_refuses_is_refused_whole() -> None:
    wall, maker = a_wall(), a_painter()
    request = a_request(wall, maker)
    User.objects.filter(pk=wall.pk).update(last_name="wet")
    request = approved(request, a_checker())
    assert (request.state, request.outcome) == (State.REFUSED, "The wall is wet.")
    assert colour(wall) == "" and not User.objects.filter(username__startswith="coat").exists()


def test_a_payload_that_was_tampered_with_is_not_executed() -> None:
    wall, maker = a_wall(), a_painter()
    request = a_request(wall, maker)
    with connection.cursor() as cursor:  # as somebody with the database's own password would
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("""UPDATE operations_approval SET payload = payload || '{"colour": "black"}'""")
        cursor.execute("SET LOCAL session_replication_role = origin")
    request = approved(request, a_checker())
    assert request.state == State.REFUSED and colour(wall) == ""


def test_a_maker_who_may_not_do_it_any_more_gets_nothing_done() -> None:
    wall, maker = a_wall(), a_painter()
    request = a_request(wall, maker)
    maker.user_permissions.clear()
    assert (approved(request, a_checker()).state, colour(wall)) == (State.REFUSED, "")


def test_a_request_is_decided_once() -> None:
    wall, maker, checker = a_wall(), a_painter(), a_checker()
    request = a_request(wall, maker)
    approved(request, checker)
    for decide in (
        lambda: approved(request, checker), lambda: reject(request, checker=checker, decision="No.", at=LATER),
        lambda: withdraw(request, actor=maker, reason="", at=LATER),
    ):
        with translation.override("en"), pytest.raises(ApprovalError, match="approved and done"):
            decide()
    assert User.objects.filter(username__startswith="coat").count() == 1


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (lambda: User.objects.get(username="nobody"), "not there any more"),
        (lambda: User.objects.create(username="laowang"), "contradicts what is there"),
        # Found at the end of the transaction only.
        (lambda: User.groups.through.objects.create(user_id=2**30, group_id=2**30), "contradicts"),
    ],
)
def test_what_the_data_says_no_to_is_refused_in_plain_words_and_whole(fault: Any, words: str) -> None:
    wall, maker, checker = a_wall(), a_painter(), a_checker()
    request = a_request(wall, maker)

    def paint_and_fail(*args: Any, **facts: Any) -> None:
        User.objects.filter(pk=wall.pk).update(first_name="red")
        fault()

    registry.approval_actions.get("paint_wall").execute = paint_and_fail  # type: ignore[assignment,method-assign]
    with translation.override("en"):
        request = approved(request, checker)
    assert request.state == State.REFUSED and words in request.outcome
    assert request.checker == checker and colour(wall) == ""


def test_an_error_of_the_program_leaves_the_request_waiting() -> None:
    wall, maker = a_wall(), a_painter()
    request = a_request(wall, maker)
    wall_action = registry.approval_actions.get("paint_wall")
    wall_action.execute = lambda *args, **facts: 1 / 0  # type: ignore[assignment,method-assign]
    with pytest.raises(ZeroDivisionError):
        approved(request, a_checker())
    request.refresh_from_db()
    assert request.state == State.WAITING


# --- rejecting, withdrawing, expiring


def test_a_rejection_says_why_and_does_nothing() -> None:
    wall, checker = a_wall(), a_checker()
    request = a_request(wall, a_painter())
    with pytest.raises(ApprovalError):
        reject(request, checker=checker, decision=" ", at=LATER)
    request = reject(request, checker=checker, decision="Grey is fine.", at=LATER)
    assert (request.state, request.decision, colour(wall)) == (State.REJECTED, "Grey is fine.", "")


def test_only_the_maker_withdraws() -> None:
    maker = a_painter()
    request = a_request(a_wall(), maker)
    with pytest.raises(NotPermittedError):
        withdraw(request, actor=a_checker(), reason="", at=LATER)
    request = withdraw(request, actor=maker, reason="Not needed.", at=LATER)
    assert (request.state, request.checker, request.decision) == (State.WITHDRAWN, None, "Not needed.")


def test_a_request_that_nobody_decided_expires() -> None:
    wall, maker = a_wall(), a_painter()
    old, young = a_request(wall, maker), a_request(wall, maker, colour="blue", at=LATER)
    with translation.override("en"), pytest.raises(ApprovalError, match="expired"):
        approved(old, a_checker(), at=old.expires_at)
    assert [expire_overdue(old.expires_at), expire_overdue(old.expires_at)] == [1, 0]
    old.refresh_from_db()
    young.refresh_from_db()
    assert (old.state, old.decided_at, young.state) == (State.EXPIRED, old.expires_at, State.WAITING)


def test_the_trail_names_maker_and_checker() -> None:
    wall, maker, checker = a_wall(), a_painter(), a_checker()
    request = approved(a_request(wall, maker), checker, decision="Nice.")
    painted = User.pgh_event_models["update"].objects.filter(pgh_obj=wall).last()  # type: ignore[attr-defined]
    facts = painted.pgh_context.metadata
    assert (facts["user"], facts["reason"], facts["approval"], facts["approved_by"]) == (
        maker.pk, "It is grey.", request.pk, "laowang",
    )
    events = list(Approval.pgh_event_models["update"].objects.filter(pgh_obj=request))  # type: ignore[attr-defined]
    assert events[-1].pgh_context.metadata["user"] == checker.pk

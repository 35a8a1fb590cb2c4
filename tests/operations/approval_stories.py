"""An action that exists in tests only: to paint a user's first name, with so many litres; and who asks for it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import Group, Permission
from django.db.models import Model

from operations import registry
from operations.approvals import ApprovalAction, Description, Outcome, Payload, fingerprint
from operations.errors import PlusdeskError
from operations.models import Approval, ApprovalLimit, User
from operations.services.approvals import ask
from tests.operations.job_stories import DAY, at_night

NOON = at_night(DAY, "12:00")


class WallIsWetError(PlusdeskError):
    """It cannot be painted now."""


class PaintWall(ApprovalAction):
    """Payload: {"wall": a user's key, "colour", "litres"}. A wall is wet when its last name says so."""

    name = "paint_wall"
    label = "paint a wall"
    unit = "litres"
    permission = "operations.change_user"

    def amount(self, payload: Payload) -> Decimal | None:
        return None if payload.get("litres") is None else Decimal(payload["litres"])

    def describe(self, payload: Payload) -> Description:
        return Description(f"Paint it {payload['colour']}.", (("Litres", str(payload.get("litres"))),))

    def subject(self, payload: Payload) -> Model | None:
        return User.objects.get(pk=payload["wall"]) if payload.get("wall") else None

    def seen(self, payload: Payload) -> str:
        return fingerprint(User.objects.get(pk=payload["wall"]).first_name) if payload.get("wall") else ""

    def execute(
        self, payload: Payload, *, actor: User, checker: User | None, reason: str, on: date, at: datetime
    ) -> Outcome:
        wall = User.objects.select_for_update().get(pk=payload["wall"])
        User.objects.create(username=f"coat-{User.objects.filter(username__startswith='coat').count() + 1}")
        wall.first_name = payload["colour"]
        wall.save()
        if wall.last_name == "wet":
            raise WallIsWetError("The wall is wet.")
        return Outcome(f"It is {payload['colour']}.", {"by": actor.username, "checker": checker and checker.username})


@contextmanager
def painting(action: ApprovalAction | None = None) -> Iterator[None]:
    """The house knows how to paint for the length of a test."""
    entries = registry.approval_actions._entries
    registry.approval_actions._entries = dict(entries)
    registry.approval_actions.register(action or PaintWall())
    try:
        yield
    finally:
        registry.approval_actions._entries = entries


def a_wall(**facts: Any) -> User:
    return User.objects.create(username=f"wall-{User.objects.count()}", **facts)


def a_painter(username: str = "xiaomei", *, litres: int | None = 5) -> User:
    """May paint, and up to so many litres alone."""
    user = User.objects.create_user(username, password="a-long-enough-password", is_staff=True)
    user.user_permissions.add(*rights("change_user", "view_user", "view_approval"))
    if litres is not None:
        group = Group.objects.create(name=f"painters of {litres} litres {username}")
        ApprovalLimit.objects.create(action="paint_wall", group=group, amount=litres)
        user.groups.add(group)
    return User.objects.get(pk=user.pk)


def a_checker(username: str = "laowang", *codenames: str) -> User:
    """May decide about requests, and see walls."""
    user = User.objects.create_user(username, password="a-long-enough-password", is_staff=True)
    user.user_permissions.add(*rights("decide_approval", "view_approval", "view_user", *codenames))
    return User.objects.get(pk=user.pk)


def rights(*codenames: str) -> list[Permission]:
    return list(Permission.objects.filter(codename__in=codenames, content_type__app_label="operations"))


def ask_to_paint(
    wall: User | None, maker: User, *, litres: str | None = "20", colour: str = "red", at: datetime = NOON,
    key: str | None = None, reason: str = "It is grey.",
) -> Outcome | Approval:
    payload = {"wall": wall.pk if wall else None, "colour": colour, "litres": litres}
    return ask("paint_wall", payload, actor=maker, reason=reason, on=DAY, at=at, key=key)


def a_request(wall: User, maker: User, **facts: Any) -> Approval:
    """What is over the maker's limit."""
    request = ask_to_paint(wall, maker, **facts)
    assert isinstance(request, Approval)
    return request

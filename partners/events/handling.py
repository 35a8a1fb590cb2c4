"""What a handler of a type of event is, what it is given, and what it gives back.

A handler runs in the transaction that keeps the event: what it does and the event are there together, or neither is.
"""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.utils.translation import gettext_lazy as _
from ninja import Schema

from memberships.models import Member, MemberReference
from memberships.services.merges import survivors_of
from operations.errors import PlusdeskError
from operations.models import User
from operations.registry import Registry
from partners.models import Fulfilment, InboundEvent, Partner


@dataclass(frozen=True)
class Told:
    """An event as its handler sees it. `data` is of the handler's schema; `actor` is who replays it, if anybody."""

    partner: Partner
    event_id: str
    type: str
    data: Any
    occurred_at: datetime
    #: When it is handled, and that business date.
    at: datetime
    on: date
    actor: User | None = None


@dataclass(frozen=True)
class Handled:
    """What was made of an event: done, or old news; what the partner is answered; whom and what it concerned."""

    state: InboundEvent.State = InboundEvent.State.DONE
    answer: dict[str, Any] = field(default_factory=dict)
    member: Member | None = None
    fulfilment: Fulfilment | None = None


class EventHandler:
    """What is done about one type of event, such as `fulfilment.active`.

    `schema` is the form of its `data`, which the API's document tells and checks. `handle` may raise any PlusdeskError:
    nothing of what it did stays, and the event is kept as a dead letter with those words, to be replayed.
    """

    name: str
    schema: type[Schema]

    def handle(self, told: Told) -> Handled:
        """Do what the event asks for, by the services. Repeats are the caller's to see to, order is the handler's."""
        raise NotImplementedError


#: By the type of the event.
event_handlers: Registry[EventHandler] = Registry("handler of events")


class UnknownTypeError(PlusdeskError):
    """Nothing here knows what to do about such an event."""

    def __init__(self, type: str) -> None:
        super().__init__(_("Events of the type “%(type)s” are not known here.") % {"type": type})


class NotThereError(PlusdeskError):
    """What the event speaks of is not there (yet)."""


class UnknownOrderError(NotThereError):
    """No fulfilment at this partner has that number."""

    def __init__(self, order: str) -> None:
        super().__init__(_("This partner was never given an order “%(order)s”.") % {"order": order})


class UnknownMemberError(NotThereError):
    """No member has that number, ours or the partner's."""

    def __init__(self, number: str) -> None:
        super().__init__(_("There is no member “%(number)s”.") % {"number": number})


def find_member(partner: Partner, number: str) -> Member:
    """The member whom a partner calls so: by the number it gave them, else by ours. UnknownMemberError.

    Of one that was merged it is who stays: what happened at a partner is a fact, and nobody there can be asked anew.
    """
    references = MemberReference.objects.filter(source=partner.code, external_id=number).select_related("member")
    if reference := references.first():
        key: int | None = reference.member_id
    else:
        key = Member.pk_of(number)
    member = None if key is None else Member.objects.filter(pk=survivors_of([key]).get(key, key)).first()
    if member is None:
        raise UnknownMemberError(number)
    return member

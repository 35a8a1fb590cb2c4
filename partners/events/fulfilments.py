"""`fulfilment.active`, `.suspended`, `.revoked`, `.failed`, `.accepted`: what became of an order at the partner."""

from typing import Any, Literal

from ninja import Field, Schema
from pydantic import create_model

from operations.api.fields import Text200
from operations.dates import business_date
from partners.events.forms import Counter, Instant, Key, Word
from partners.events.handling import EventHandler, Handled, Told, UnknownOrderError
from partners.models import Fulfilment, InboundEvent
from partners.services import fulfilments

STATES = ("accepted", "active", "suspended", "revoked", "failed")


class FulfilmentTold(Schema):
    """An order's state, and the partner's count of its changes, by which news is told from old news."""

    order: Key = Field(description="Our number of the order.")
    state: str = Field(description="The same as the second word of the event's type.")
    sequence: Counter = Field(
        description="Counts the changes of the order; what has a smaller one than was told before changes nothing."
    )
    reference: Word | Literal[""] = Field("", description="The partner's number of the order.")
    reason: Text200 = Field("", description="Why, where it failed.")
    command: Word | Literal[""] | None = Field(None, description="Our number of the command that led to it, if any.")
    at: Instant | None = Field(None, description="When it happened; not given: when the event did.")


class FulfilmentChanged(EventHandler):
    """The state goes to the one function that knows what a partner's word comes to; order and repeats are its own."""

    def __init__(self, state: str) -> None:
        self.state, self.name = state, f"fulfilment.{state}"
        form: Any = {"state": (Literal[state], ...)}  # type: ignore[valid-type]
        self.schema = create_model(f"Fulfilment{state.title()}", __base__=FulfilmentTold, **form)

    def handle(self, told: Told) -> Handled:
        data: FulfilmentTold = told.data
        fulfilment = Fulfilment.objects.select_related("member").filter(key=data.order, partner=told.partner).first()
        if fulfilment is None:
            raise UnknownOrderError(data.order)
        is_news = fulfilments.note_state(
            fulfilment, self.state, sequence=data.sequence, reference=data.reference, detail=data.reason,
            command=data.command or "", day=min(business_date(data.at or told.occurred_at), told.on),
            on=told.on, at=told.at,
        )
        state = InboundEvent.State.DONE if is_news else InboundEvent.State.OLD
        return Handled(state, {}, fulfilment.member, fulfilment)


HANDLERS = tuple(FulfilmentChanged(state) for state in STATES)

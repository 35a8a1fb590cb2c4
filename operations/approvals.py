"""What can take two people: actions that any floor registers (`operations.registry.approval_actions`).

An action is executed with the exact payload that the maker sent and the checker saw, and with nothing else.
services/approvals.py asks, decides and executes.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from hashlib import sha256
from typing import Any, NamedTuple

from django.db.models import Model
from django.utils.functional import Promise

from operations.models import User

#: What an action is about: JSON values only, so that a hash can be taken and the same be executed days later.
Payload = Mapping[str, Any]


class Description(NamedTuple):
    """What an action would do: a sentence, and its figures as (label, value)."""

    summary: str
    figures: tuple[tuple[str, str], ...] = ()


class Measure(NamedTuple):
    """How much of something an action would do, by which it may be over somebody's limit."""

    #: The action whose limits it is compared with: often the action itself.
    limit: str
    #: None: it always takes two people.
    amount: Decimal | None
    #: What is counted, in words.
    unit: str | Promise


@dataclass(frozen=True)
class Outcome:
    """What came of an action, in words and for programs."""

    words: str
    data: Mapping[str, Any] = field(default_factory=dict)


class ApprovalAction:
    """Something that is done at once up to a limit, and by two people above it."""

    name: str
    label: str | Promise
    #: What `amount` counts, in words: CNY, points, rows.
    unit: str | Promise = ""
    #: Who may ask for it ("app.codename"); who may decide has operations.decide_approval and may view the subject.
    permission: str
    #: Up to what amount anybody who may ask for it does it alone; groups may have more (models.ApprovalLimit), none
    #: less. None: nothing.
    alone: Decimal | None = None
    #: Fields of its payload that are personal, and what masks them where the request is shown. Who has the permission
    #: sees them whole for a reason, which is kept; without one nobody does.
    personal: Mapping[str, Callable[[str], str]] = {}
    reveal_permission = ""
    #: Whether limits are set for it; False: it is measured by those of other actions, or always takes two people.
    has_limits = True

    def amount(self, payload: Payload) -> Decimal | None:
        """What is compared with the maker's limit; None: it always takes two people."""
        raise NotImplementedError

    def measures(self, payload: Payload) -> list[Measure]:
        """All that it is weighed by: it takes two people when any of them is over the maker's limit."""
        return [Measure(self.name, self.amount(payload), self.unit)]

    def describe(self, payload: Payload) -> Description:
        """What it would do, in the language of the moment; asked in each language of the house."""
        raise NotImplementedError

    def shown(self, payload: Payload) -> dict[str, Any]:
        """The content as its page shows it to everybody who may see the request."""
        return {
            name: self.personal[name](value) if name in self.personal and value else value
            for name, value in payload.items()
        }

    def permission_of(self, payload: Payload) -> str:
        """Who may ask for this one."""
        return self.permission

    def check(self, payload: Payload, *, actor: User, on: date, at: datetime) -> None:
        """Before a request is made: a PlusdeskError when it could not be done now either, however many approve."""

    def subject(self, payload: Payload) -> Model | None:
        """The record that shows the request; None: no one record."""
        return None

    def lock(self, payload: Payload) -> None:
        """Before `seen` is compared to execute it: lock what it rests on, as the service does first."""

    def seen(self, payload: Payload) -> str:
        """A fingerprint (at most 64 characters) of the facts it rests on: another one later refuses the approval."""
        return ""

    def execute(
        self, payload: Payload, *, actor: User, checker: User | None, reason: str, on: date, at: datetime
    ) -> Outcome:
        """Do it, inside the transaction that decides the request. A PlusdeskError refuses it with its words.

        `actor` asked for it; `checker` is None when nobody had to approve. What calls the outside world writes down
        its intent here and calls in `transaction.on_commit`.
        """
        raise NotImplementedError


def fingerprint(*facts: object) -> str:
    """Facts as 64 characters, for `ApprovalAction.seen`."""
    return sha256(repr(facts).encode()).hexdigest()

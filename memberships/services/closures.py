"""Closing an account for good: what stands in the way, and erasing what is personal while every fact stays.

The floors say both, by their parts (operations/closing.py). The member is locked first, so that a card, a note or a
payment comes before the closing and blocks it, or after it and is refused.
"""

import json
from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple

from django.db import transaction
from django.utils.translation import gettext as _

from memberships.models import AccountClosure, EnterpriseCustomer, Member, MemberContact
from memberships.services.members import lock_member
from memberships.services.merges import records_of, survivors_of
from operations import registry
from operations.audit import because
from operations.closing import total
from operations.errors import PlusdeskError
from operations.models import User
from operations.models.sealed import Secret


class AccountBlockedError(PlusdeskError):
    """Something of the member is open; `blocks` are the sentences."""

    http_status = 409

    def __init__(self, blocks: Sequence[str]) -> None:
        self.blocks = list(blocks)
        super().__init__(" ".join(self.blocks))


class AccountClosedError(PlusdeskError):
    """The account was closed before."""

    http_status = 409

    def __init__(self, member: Member) -> None:
        super().__init__(_("The account of member %(member)s is closed.") % {"member": member})


class Told(NamedTuple):
    """What a closing erases and what it leaves, in sentences."""

    goes: list[str]
    stays: list[str]


def what_closing_does() -> Told:
    """Of all floors, in the language of the moment."""
    parts = list(registry.closing_parts)
    return Told(
        [str(words) for part in parts for words in part.goes], [str(words) for part in parts for words in part.stays]
    )


def refuse_closed(member: Member) -> None:
    """Nothing personal is written of a member whose account was closed. AccountClosedError. The member is locked."""
    if AccountClosure.objects.filter(member=member).exists():
        raise AccountClosedError(member)


def blocks_of(member: Member, *, on: date) -> list[str]:
    """Why the account cannot be closed now; nothing when it can."""
    if into := survivors_of([member.pk]).get(member.pk):
        words = _("The record was merged into %(member)s: close that account, and this one is closed with it.")
        return [words % {"member": Member(pk=into)}]
    return [
        words for key in records_of(member.pk) for part in registry.closing_parts for words in part.blocks(key, on=on)
    ]


def refuse_closing(member: Member, *, on: date) -> None:
    """Raises AccountClosedError, AccountBlockedError."""
    refuse_closed(member)
    if blocks := blocks_of(member, on=on):
        raise AccountBlockedError(blocks)


@transaction.atomic
def close_account(
    member: Member, *, reason: str, on: date, at: datetime, actor: User, checker: User | None
) -> AccountClosure:
    """Close an account and erase what is personal of it, for good. What refuse_closing raises."""
    member = lock_member(member.pk)
    refuse_closing(member, on=on)
    with because(reason, actor=actor):
        if member.closed_on is None or member.closed_on > on:
            member.closed_on = on
            member.save(update_fields=["closed_on"])
        # Other numbers of the same person, which were merged into this one, are forgotten with it.
        records = records_of(member.pk)
        marks = {key: _marks(key) for key in records}
        wiped = {
            key: [each for part in registry.closing_parts for each in part.erase([key], on=on, at=at, actor=actor)]
            for key in records
        }
        closures = AccountClosure.objects.bulk_create([
            AccountClosure(
                member_id=key, on=on, at=at, actor=actor, checker=checker, reason=reason,
                erased=dict(total(wiped[key])), marks=Secret.of(json.dumps(marks[key])),
            )
            for key in records
        ])
        return closures[0]


def _marks(member: int) -> list[str]:
    """What tells the person in a file: every mobile and e-mail, a firm's credit code; where there is none, the name."""
    contacts = list(MemberContact.objects.filter(member=member).values_list("mobile", "email", "name"))
    told = [text for mobile, email, _name in contacts for text in (mobile, email) if text]
    told += EnterpriseCustomer.objects.filter(pk=member).values_list("credit_code", flat=True)
    return told or [name for _mobile, _email, name in contacts if name]

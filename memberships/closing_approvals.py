"""Closing an account always takes two people: what is erased does not come back."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db.models import Model
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from memberships.models import CaseAttachment, CaseNote, Enrolment, Member, MemberContact
from memberships.services.closures import close_account, refuse_closing
from memberships.services.members import lock_member
from operations.approvals import ApprovalAction, Description, Outcome, Payload, fingerprint
from operations.models import User


class CloseAccount(ApprovalAction):
    """Payload: {"member": the key}. What is erased besides what was shown then refuses the approval (`seen`)."""

    name = "close_account"
    label = gettext_lazy("close an account and erase its personal data")
    permission = "memberships.close_account"
    has_limits = False

    @staticmethod
    def payload_of(member: Member) -> dict[str, Any]:
        """What closing a member's account is."""
        return {"member": member.pk}

    def amount(self, payload: Payload) -> Decimal | None:
        return None

    def check(self, payload: Payload, *, actor: User, on: date, at: datetime) -> None:
        refuse_closing(self._member(payload), on=on)

    def describe(self, payload: Payload) -> Description:
        member = self._member(payload)
        summary = _("The account of member %(member)s is closed, and what is personal of it is erased for good.")
        points = sum(Enrolment.objects.filter(member=member, balance__gt=0).values_list("balance", flat=True))
        return Description(summary % {"member": member}, tuple(
            (label, number_format(count)) for label, count in (*_held(member), (_("Points that are given up"), points))
        ))

    def subject(self, payload: Payload) -> Model | None:
        return self._member(payload)

    def lock(self, payload: Payload) -> None:
        lock_member(payload["member"])

    def seen(self, payload: Payload) -> str:
        return fingerprint(*(count for _label, count in _held(self._member(payload))))

    def execute(
        self, payload: Payload, *, actor: User, checker: User | None, reason: str, on: date, at: datetime
    ) -> Outcome:
        member = self._member(payload)
        closure = close_account(member, reason=reason, on=on, at=at, actor=actor, checker=checker)
        words = _("The account of member %(member)s is closed, and its personal data is erased.")
        return Outcome(words % {"member": member}, {"erased": closure.erased})

    @staticmethod
    def _member(payload: Payload) -> Member:
        return Member.objects.get(pk=payload["member"])


def _held(member: Member) -> list[tuple[str, int]]:
    """What there is to be erased, in words and counted."""
    return [
        (_("Contacts"), MemberContact.objects.filter(member=member).exclude(name="", mobile="", email="").count()),
        (_("Case notes"), CaseNote.objects.filter(member=member, erased_at=None).count()),
        (_("Attachments"), CaseAttachment.objects.filter(note__member=member, erased_at=None).count()),
    ]

"""Merging two records always takes two people, and so does undoing it."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db.models import Model
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from memberships.models import Member, MemberContact, MemberMerge
from memberships.services.merges import (
    FIELDS,
    FORMER,
    MergeBlockedError,
    hindrances_of,
    merge_records,
    refuse_merge,
    undo_merge,
    what_would_move,
)
from operations.approvals import ApprovalAction, Description, Outcome, Payload, fingerprint
from operations.crypto import keyed_hash
from operations.models import User


class _Merging(ApprovalAction):
    """Of two records, by two people."""

    permission = "memberships.merge_member"
    has_limits = False

    def amount(self, payload: Payload) -> Decimal | None:
        return None

    def subject(self, payload: Payload) -> Model | None:
        return self.members(payload)[1]

    def lock(self, payload: Payload) -> None:
        """Both members, in key order."""
        keys = [member.pk for member in self.members(payload)]
        list(Member.objects.select_for_update(no_key=True).filter(pk__in=keys).order_by("pk"))

    def members(self, payload: Payload) -> tuple[Member, Member]:
        """The one that ends, or ended, and the one that stays."""
        raise NotImplementedError


class MergeRecords(_Merging):
    """Payload: {"former", "survivor": keys, "choices": {field of the contact: "former" or "survivor"}}.

    Contacts that are others by then than those that were compared refuse the approval (`seen`).
    """

    name = "merge_records"
    label = gettext_lazy("merge two records of one person or firm")

    @staticmethod
    def payload_of(former: Member, survivor: Member, choices: dict[str, str]) -> dict[str, Any]:
        """What merging two records is."""
        return {"former": former.pk, "survivor": survivor.pk, "choices": choices}

    def check(self, payload: Payload, *, actor: User, on: date, at: datetime) -> None:
        former, survivor = self.members(payload)
        refuse_merge(former, survivor, on=on)

    def describe(self, payload: Payload) -> Description:
        former, survivor = self.members(payload)
        summary = _("%(former)s ends and becomes another number of %(survivor)s.")
        labels = {
            field: str(MemberContact._meta.get_field(field).verbose_name)  # type: ignore[union-attr]
            for field in FIELDS
        }
        taken = _(", ").join(labels[field] for field, whose in payload["choices"].items() if whose == FORMER)
        moving = what_would_move(former, survivor)
        return Description(summary % {"former": former, "survivor": survivor}, (
            (_("Taken over from %(member)s") % {"member": former}, taken or "–"),
            *((each.label, number_format(each.number)) for each in moving),
        ))

    def seen(self, payload: Payload) -> str:
        contacts = MemberContact.objects.filter(member__in=(payload["former"], payload["survivor"])).order_by("pk")
        told = repr(list(contacts.values_list("pk", "member", *FIELDS)))
        return fingerprint(keyed_hash(told, purpose="merge").hex())

    def execute(
        self, payload: Payload, *, actor: User, checker: User | None, reason: str, on: date, at: datetime
    ) -> Outcome:
        former, survivor = self.members(payload)
        merge = merge_records(
            former, survivor, choices=payload["choices"], reason=reason, on=on, at=at, actor=actor, checker=checker
        )
        words = _("%(former)s was merged into %(survivor)s. Until %(day)s this can be undone.")
        return Outcome(words % {"former": former, "survivor": survivor, "day": merge.last_day}, {"merge": merge.pk})

    def members(self, payload: Payload) -> tuple[Member, Member]:
        found = Member.objects.in_bulk([payload["former"], payload["survivor"]])
        if len(found) < 2:
            raise MergeBlockedError([_("This is one and the same record.")])
        return found[payload["former"]], found[payload["survivor"]]


class UndoMerge(_Merging):
    """Payload: {"merge": the key}."""

    name = "undo_merge"
    label = gettext_lazy("undo a merge of two records")

    @staticmethod
    def payload_of(merge: MemberMerge) -> dict[str, Any]:
        """What undoing a merge is."""
        return {"merge": merge.pk}

    def check(self, payload: Payload, *, actor: User, on: date, at: datetime) -> None:
        if hindrances := hindrances_of(self._merge(payload), on=on):
            raise MergeBlockedError(hindrances)

    def describe(self, payload: Payload) -> Description:
        merge = self._merge(payload)
        words = _("The merge of %(former)s into %(survivor)s is undone: what moved goes back.")
        return Description(words % {"former": merge.former, "survivor": merge.survivor}, (
            (_("Merged on"), merge.on.isoformat()), (_("Reason of the merge"), merge.reason),
            (_("Rows that go back"), number_format(merge.moves.count())),
        ))

    def execute(
        self, payload: Payload, *, actor: User, checker: User | None, reason: str, on: date, at: datetime
    ) -> Outcome:
        merge = undo_merge(self._merge(payload), reason=reason, on=on, at=at, actor=actor, checker=checker)
        words = _("The merge of %(former)s into %(survivor)s was undone.")
        return Outcome(words % {"former": merge.former, "survivor": merge.survivor}, {"merge": merge.pk})

    def members(self, payload: Payload) -> tuple[Member, Member]:
        merge = self._merge(payload)
        return merge.former, merge.survivor

    @staticmethod
    def _merge(payload: Payload) -> MemberMerge:
        return MemberMerge.objects.select_related("former", "survivor").get(pk=payload["merge"])

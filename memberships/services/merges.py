"""Merging two records of one person or firm, and undoing that within thirty days.

Ledgers keep their member: the number that ended remains, as another number of the one that stays. What is current moves
by the parts of the floors (operations/merging.py), journaled so that undoing puts back exactly that. Both members are
locked in key order first, so that two merges across each other, or a card that is sold meanwhile, take turns.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from django.apps import apps
from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction
from django.db.models import Model, Q
from django.utils.translation import gettext as _

from memberships.models import AccountClosure, Member, MemberMerge, MergeMove
from operations import registry
from operations.audit import because
from operations.errors import PlusdeskError
from operations.merging import Change, Conflict, Merging, Moving
from operations.models import User
from operations.models.sealed import Secret

#: Whose mobile, name or e-mail is taken over, by the field of the contact.
FORMER, SURVIVOR = "former", "survivor"
FIELDS = ("name", "mobile", "email")


class MergeBlockedError(PlusdeskError):
    """The two cannot be merged, or a merge not be undone; `blocks` are the sentences."""

    http_status = 409

    def __init__(self, blocks: Sequence[str]) -> None:
        self.blocks = list(blocks)
        super().__init__(" ".join(self.blocks))


class MemberMergedError(PlusdeskError):
    """The number named ended by a merge; it says which one to name instead."""

    http_status = 409

    def __init__(self, member: Member, survivor: int) -> None:
        super().__init__(
            _("Member %(member)s was merged into %(survivor)s: name that number.")
            % {"member": member, "survivor": Member(pk=survivor)}
        )


class Told(NamedTuple):
    """What a merge moves and what stays under the number that ends, in sentences."""

    moves: list[str]
    stays: list[str]


# --- reading


def what_merging_does() -> Told:
    """Of all floors, in the language of the moment."""
    parts = list(registry.merge_parts)
    return Told(
        [str(words) for part in parts for words in part.moves], [str(words) for part in parts for words in part.stays]
    )


def survivors_of(keys: Iterable[Any]) -> dict[int, int]:
    """Of those of the members that were merged, by their keys, into whom in the end."""
    asked = set(keys)
    found: dict[int, int] = {}
    while asked:
        merged = MemberMerge.objects.in_force().filter(former__in=asked).values_list("former", "survivor")
        step = dict(merged)
        found = {former: step.get(survivor, survivor) for former, survivor in found.items()} | step
        asked = set(step.values())
    return found


def records_of(member_id: int) -> list[int]:
    """The keys under which somebody is known: the member's own first, then those that were merged into it."""
    known = [member_id]
    edge = known
    while edge:
        edge = list(MemberMerge.objects.in_force().filter(survivor__in=edge).order_by("pk").values_list(
            "former", flat=True
        ))
        known = [*known, *edge]
    return known


def same_as(keys: Sequence[Any]) -> list[int]:
    """All keys under which those of some members are known, whichever of their numbers is given."""
    known = set(keys)
    edge = known
    while edge:
        merges = MemberMerge.objects.in_force().filter(Q(former__in=edge) | Q(survivor__in=edge))
        edge = {key for pair in merges.values_list("former", "survivor") for key in pair} - known
        known |= edge
    return sorted(known)


def refuse_merged(member: Member) -> None:
    """Raises MemberMergedError: who names the number that ended is told the one that stays."""
    if survivor := survivors_of([member.pk]).get(member.pk):
        raise MemberMergedError(member, survivor)


def conflicts_of(former: Member, survivor: Member, *, on: date) -> list[Conflict]:
    """What of the two contradicts, what bars the merge first."""
    if bars := _barred(former, survivor):
        return [Conflict(words) for words in bars]
    found = [
        conflict for part in registry.merge_parts for conflict in part.conflicts(former.pk, survivor.pk, on=on)
    ]
    return sorted(found, key=lambda conflict: not conflict.is_bar)


def what_would_move(former: Member, survivor: Member) -> list[Moving]:
    """Counted; what there is none of is left out."""
    listed = [each for part in registry.merge_parts for each in part.listed(former.pk, survivor.pk)]
    return [each for each in listed if each.number]


def refuse_merge(former: Member, survivor: Member, *, on: date) -> None:
    """Raises MergeBlockedError."""
    if bars := [conflict.words for conflict in conflicts_of(former, survivor, on=on) if conflict.is_bar]:
        raise MergeBlockedError(bars)


def hindrances_of(merge: MemberMerge, *, on: date) -> list[str]:
    """Why a merge cannot be undone on a day, a sentence each; nothing when it can."""
    if merge.undone_at is not None:
        return [_("This merge was undone on %(day)s.") % {"day": merge.undone_on}]
    if on > merge.last_day:
        return [_("A merge can be undone until %(day)s.") % {"day": merge.last_day}]
    if AccountClosure.objects.filter(member__in=[merge.former_id, merge.survivor_id]).exists():
        return [_("The account was closed since, and what it held is erased.")]
    if into := survivors_of([merge.survivor_id]).get(merge.survivor_id):
        words = _("%(member)s was merged into %(survivor)s since: undo that first.")
        return [words % {"member": Member(pk=merge.survivor_id), "survivor": Member(pk=into)}]
    merging = _merging(merge)
    changed = [_changed(move) for move in merge.moves.filter(is_loose=False).order_by("pk") if not _is_as_left(move)]
    return [*changed, *(words for part in registry.merge_parts for words in part.hindrances(merging))]


def _barred(former: Member, survivor: Member) -> list[str]:
    """What no floor need be asked about: whom the two numbers are of."""
    if former.pk == survivor.pk:
        return [_("This is one and the same record.")]
    if former.kind != survivor.kind:
        words = _("%(former)s is a %(kind)s, %(survivor)s a %(other)s: they are not one.")
        return [words % {
            "former": former, "kind": former.get_kind_display(), "survivor": survivor,
            "other": survivor.get_kind_display(),
        }]
    merged = survivors_of([former.pk, survivor.pk])
    words = _("%(member)s was merged into %(into)s already: merge that one.")
    if chained := [words % {"member": Member(pk=key), "into": Member(pk=into)} for key, into in merged.items()]:
        return chained
    closed = AccountClosure.objects.filter(member__in=[former.pk, survivor.pk]).values_list("member", flat=True)
    words = _("The account of %(member)s is closed: nothing is merged with it.")
    return [words % {"member": Member(pk=key)} for key in closed] or [
        _("%(member)s is closed since %(day)s: nothing is merged with it.") % {"member": each, "day": each.closed_on}
        for each in (former, survivor) if each.closed_on is not None
    ]


# --- merging


@transaction.atomic
def merge_records(
    former: Member, survivor: Member, *, choices: Mapping[str, str], reason: str, on: date, at: datetime, actor: User,
    checker: User | None,
) -> MemberMerge:
    """End one record in the other. `choices`: by field of the contact, whose is taken. Raises MergeBlockedError."""
    former, survivor = _locked(former.pk, survivor.pk, on=on)
    refuse_merge(former, survivor, on=on)
    with because(reason, actor=actor):
        merge = MemberMerge.objects.create(
            former=former, survivor=survivor, on=on, at=at, actor=actor, checker=checker, reason=reason
        )
        merging = _merging(merge, choices)
        watched = [
            (record, columns, _plain(record, columns))
            for part in registry.merge_parts for record, columns in part.watched(merging)
        ]
        for part in registry.merge_parts:
            part.carry(merging)
        for record, columns, before in watched:
            record.refresh_from_db()
            _journal(merge, record, before, _plain(record, columns), is_loose=True)
        for part in registry.merge_parts:
            for change in part.changes(merging):
                _apply(merge, change)
        _apply(merge, Change(former, {"closed_on": on}))
        for part in registry.merge_parts:
            for record, columns in part.kept(merging):
                _journal(merge, record, _plain(record, columns), _plain(record, columns))
    return merge


@transaction.atomic
def undo_merge(
    merge: MemberMerge, *, reason: str, on: date, at: datetime, actor: User, checker: User | None
) -> MemberMerge:
    """Put back what the merge moved. Raises MergeBlockedError."""
    _locked(merge.former_id, merge.survivor_id, on=on)
    merge = MemberMerge.objects.get(pk=merge.pk)
    if hindrances := hindrances_of(merge, on=on):
        raise MergeBlockedError(hindrances)
    with because(reason, actor=actor):
        moves = list(merge.moves.order_by("-pk"))
        unchanged = [move for move in moves if _is_as_left(move)]
        for move in unchanged:
            if not move.is_loose:
                _put_back(move)
        for part in registry.merge_parts:
            part.carry_back(_merging(merge), on=on, at=at, actor=actor)
        for move in unchanged:
            if move.is_loose:
                _put_back(move)
        merge.undone_on, merge.undone_at, merge.undone_by, merge.undone_checker = on, at, actor, checker
        merge.undone_reason = reason
        merge.save()
        forget_moves([merge.pk])
    return merge


def forget_moves(merges: Sequence[int]) -> int:
    """Forget what the journals of merges hold of values, some of which are personal; how many rows."""
    return MergeMove.objects.filter(merge__in=merges, values__isnull=False).update(values=None)


def forget_past_moves(*, on: date) -> int:
    """The same of all merges that cannot be undone any more by a day; how many rows."""
    kept = MergeMove.objects.filter(values__isnull=False).select_related("merge")
    return forget_moves([merge.pk for merge in {move.merge for move in kept} if merge.last_day < on])


def _locked(former: int, survivor: int, *, on: date) -> tuple[Member, Member]:
    """Both members, locked in key order and read afresh, and what the floors count by."""
    wanted = Member.objects.select_for_update(no_key=True).filter(pk__in=(former, survivor)).order_by("pk")
    members = {member.pk: member for member in wanted}
    for part in registry.merge_parts:
        part.lock(former, survivor, on=on)
    return members[former], members[survivor]


def _merging(merge: MemberMerge, choices: Mapping[str, str] | None = None) -> Merging:
    return Merging(
        merge.former_id, merge.survivor_id, f"merge:{merge.pk}", merge.on, merge.at, merge.actor, choices or {}
    )


# --- the journal


def _apply(merge: MemberMerge, change: Change) -> None:
    """Change a row, and write down what it was."""
    record, columns = change.record, list(change.values)
    before = _plain(record, columns)
    if before == _as_plain(change.values):
        return
    type(record)._base_manager.filter(pk=record.pk).update(**change.values)
    _journal(merge, record, before, _as_plain(change.values))


def _journal(
    merge: MemberMerge, record: Model, before: Mapping[str, Any], after: Mapping[str, Any], *, is_loose: bool = False
) -> None:
    MergeMove.objects.create(
        merge=merge, table=record._meta.label_lower, row=record.pk, columns=", ".join(before), is_loose=is_loose,
        values=Secret.of(json.dumps({"before": before, "after": after})),
    )


def _plain(record: Model, columns: Iterable[str]) -> dict[str, Any]:
    """Values of a row by column, as JSON has them."""
    return _as_plain({column: getattr(record, column) for column in columns})


def _as_plain(values: Mapping[str, Any]) -> dict[str, Any]:
    plain: dict[str, Any] = json.loads(json.dumps(dict(values), cls=DjangoJSONEncoder))
    return plain


def _values(move: MergeMove) -> dict[str, dict[str, Any]]:
    """{"before", "after"}: the values by column."""
    values: dict[str, dict[str, Any]] = json.loads(move.values.reveal())
    return values


def _is_as_left(move: MergeMove) -> bool:
    """Whether the row is as the merge left it."""
    record = _row(move)
    return record is not None and move.values is not None and (
        _plain(record, _values(move)["after"]) == _values(move)["after"]
    )


def _row(move: MergeMove) -> Model | None:
    row: Model | None = apps.get_model(move.table)._base_manager.filter(pk=move.row).first()
    return row


def _put_back(move: MergeMove) -> None:
    """Give the row its values of before the merge."""
    values = _values(move)
    if values["before"] == values["after"]:
        return
    model = apps.get_model(move.table)
    before = {
        column: model._meta.get_field(column).to_python(value)  # type: ignore[union-attr]
        for column, value in values["before"].items()
    }
    model._base_manager.filter(pk=move.row).update(**before)


def _changed(move: MergeMove) -> str:
    """That somebody changed a row since, in words."""
    options = apps.get_model(move.table)._meta
    labels = [str(options.get_field(column).verbose_name) for column in move.columns.split(", ")]  # type: ignore[union-attr]
    words = _("Changed since: %(record)s %(key)s (%(fields)s).")
    return words % {"record": options.verbose_name, "key": move.row, "fields": _(", ").join(labels)}

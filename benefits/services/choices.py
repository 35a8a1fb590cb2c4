"""Choosing for a member, and exchanging what was chosen.

Both lock the member, as the night does that follows rights, then the Usage rows of all the group's options, in the
order of benefits: two choices take turns, and so do an exchange and the first use of what it puts away. A choice is a
right only as long as a card, a tier or an enrolment entitles to its option; who has none cannot choose. Every effect
has a key, unique for the member: a repeat returns the first result, the same key with another body is a
KeyConflictError. What one key brings about beside its first row stands under keys that are made of it.
"""

import hashlib
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import transaction

from benefits.errors import (
    BenefitKeyError,
    ChoiceCostError,
    ChoiceTooLateError,
    ChosenAlreadyError,
    NotAnOptionError,
    NotEntitledError,
    NotSwappableError,
    SwapsUsedUpError,
    TooManyChoicesError,
    UsedAlreadyError,
)
from benefits.models import Benefit, Choice, ChoiceGroup, Grant
from benefits.models.grants import LIVE
from benefits.services import statements
from benefits.services.choice_states import ChoiceStanding, ChoiceState
from benefits.services.choice_states import choice_state as choice_state
from benefits.services.grants import follow_rights
from memberships.models import Member
from memberships.services.members import lock_member
from operations.errors import KeyConflictError
from operations.models import User

KEY_LENGTH = 64


@transaction.atomic
def choose(
    member: Member, group: ChoiceGroup, benefits: Benefit | Sequence[Benefit], *, key: str, on: date, at: datetime,
    actor: User | None, reason: str = "",
) -> list[Choice]:
    """Take one or several of a group's options for its window on that day: all of them, or none.

    Raises NotAnOptionError, NotEntitledError (to an option), ChoiceTooLateError, TooManyChoicesError,
    ChosenAlreadyError, ChoiceCostError, KeyConflictError, BenefitKeyError.
    """
    wanted = sorted({benefit.pk: benefit for benefit in _listed(benefits)}.values(), key=lambda benefit: benefit.pk)
    _check_key(key)
    keys = [key, *(_further_key(key, str(place)) for place in range(2, len(wanted) + 1))]
    _lock_options(member, group)
    if first := _chosen_before(member, group, wanted, keys):
        return first
    state = _state(member, group, wanted, on=on)
    _refuse(state, wanted, on=on)
    choices = [
        Choice.objects.create(
            member=member, benefit=benefit, key=own, on=on, at=at, actor=actor, reason=reason[:200], **_window(state),
        )
        for own, benefit in zip(keys, wanted, strict=True)
    ]
    follow_rights(member, on=on, at=at, actor=actor)
    return choices


@transaction.atomic
def swap(
    member: Member, group: ChoiceGroup, put_away: Benefit, take: Benefit, *, key: str, on: date, at: datetime,
    actor: User | None, reason: str = "",
) -> Choice:
    """Exchange an option that is the member's, chosen or by default, for another one; also after the deadline.

    So often in a window as the group says, and only before the first use of what is put away in that window. What is
    given by itself for it ends, and what is given for the other begins. What a partner said to have made active is used
    (benefits/uses.py); what is ordered of it only is ordered back.
    Raises NotAnOptionError, NotEntitledError, NotSwappableError (it is not theirs), UsedAlreadyError,
    SwapsUsedUpError, ChosenAlreadyError, ChoiceCostError, KeyConflictError, BenefitKeyError.
    """
    _check_key(key)
    own_key = _further_key(key, "away")
    _lock_options(member, group)
    if first := _swapped_before(member, group, put_away, take, key):
        return first
    _lock_held(member, put_away)
    state = _state(member, group, [take], on=on)
    gone = _refuse_swap(state, put_away, take)
    old = _written(member, state, gone, key=own_key, on=on, at=at, actor=actor)
    old.swapped_on = on
    old.save(update_fields=["swapped_on"])
    choice = Choice.objects.create(
        member=member, benefit=take, key=key, replaces=old, on=on, at=at, actor=actor, reason=reason[:200],
        **_window(state),
    )
    follow_rights(member, on=on, at=at, actor=actor)
    return choice


def _listed(benefits: Benefit | Sequence[Benefit]) -> Sequence[Benefit]:
    return [benefits] if isinstance(benefits, Benefit) else benefits


def _check_key(key: str) -> None:
    """Raises BenefitKeyError."""
    if not 1 <= len(key) <= KEY_LENGTH or not all("!" <= sign <= "~" for sign in key):
        raise BenefitKeyError(key)


def _further_key(key: str, name: str) -> str:
    """Of another row of the same effect: as long whatever the key's own length."""
    return hashlib.sha256(f"{key}#{name}".encode()).hexdigest()[:KEY_LENGTH]


def _lock_options(member: Member, group: ChoiceGroup) -> None:
    """The member; then the Usage rows of the group's options, in the order of benefits, made where there are none."""
    lock_member(member.pk)
    statements.run("choices/make_usages", member=member.pk, group=group.pk)
    statements.rows("choices/lock_usages", member=member.pk, group=group.pk)


def _lock_held(member: Member, benefit: Benefit) -> None:
    """What the member holds of it: a coupon that is being used now is used before, or not at all."""
    held = Grant.objects.filter(member=member, benefit=benefit, state__in=LIVE).order_by("pk")
    list(held.select_for_update(no_key=True).values_list("pk"))


def _chosen_before(
    member: Member, group: ChoiceGroup, wanted: Sequence[Benefit], keys: Sequence[str]
) -> list[Choice]:
    """The first result of a repeat. Raises KeyConflictError."""
    one_more = _further_key(keys[0], str(len(keys) + 1))
    found = list(Choice.objects.filter(member=member, key__in=[*keys, one_more]).order_by("benefit"))
    if not found:
        return []
    if [(choice.group_id, choice.benefit_id, choice.key, choice.replaces_id) for choice in found] != [
        (group.pk, benefit.pk, key, None) for benefit, key in zip(wanted, keys, strict=True)
    ]:
        raise KeyConflictError(keys[0])
    return found


def _swapped_before(
    member: Member, group: ChoiceGroup, put_away: Benefit, take: Benefit, key: str
) -> Choice | None:
    """The first result of a repeat. Raises KeyConflictError."""
    first = Choice.objects.filter(member=member, key=key).select_related("replaces").first()
    if first is None:
        return None
    before = first.replaces and first.replaces.benefit_id
    if (first.group_id, before, first.benefit_id) != (group.pk, put_away.pk, take.pk):
        raise KeyConflictError(key)
    return first


def _state(member: Member, group: ChoiceGroup, wanted: Sequence[Benefit], *, on: date) -> ChoiceState:
    """Raises NotAnOptionError, NotEntitledError."""
    options = set(group.options.values_list("benefit", flat=True))
    state = choice_state(member, group, on=on)
    theirs = {option.benefit.pk for option in state.options} if state else set()
    for benefit in wanted:
        if benefit.pk not in options:
            raise NotAnOptionError(group, benefit)
        if benefit.pk not in theirs:
            raise NotEntitledError(member, benefit, on=on)
    if state is None or not wanted:
        raise NotAnOptionError(group, None)
    return state


def _refuse(state: ChoiceState, wanted: Sequence[Benefit], *, on: date) -> None:
    """Raises ChosenAlreadyError, ChoiceTooLateError, TooManyChoicesError, ChoiceCostError."""
    standings = {option.benefit.pk: option for option in state.options}
    for benefit in wanted:
        if standings[benefit.pk].is_chosen:
            raise ChosenAlreadyError(benefit)
    if not state.is_open:
        raise ChoiceTooLateError(state.group, until=state.choosable_until)
    if len(wanted) > state.free:
        raise TooManyChoicesError(state.group, picks=state.group.picks, free=state.free)
    _refuse_cost(state, state.cost + sum((standings[benefit.pk].cost for benefit in wanted), Decimal(0)))


def _refuse_swap(state: ChoiceState, put_away: Benefit, take: Benefit) -> ChoiceStanding:
    """Raises NotSwappableError, UsedAlreadyError, SwapsUsedUpError, ChosenAlreadyError, ChoiceCostError."""
    standings = {option.benefit.pk: option for option in state.options}
    gone = standings.get(put_away.pk)
    if gone is None or not gone.is_chosen:
        raise NotSwappableError(put_away)
    if standings[take.pk].is_chosen:
        raise ChosenAlreadyError(take)
    if gone.is_used:
        raise UsedAlreadyError(put_away)
    if state.swaps_left == 0:
        raise SwapsUsedUpError(state.group)
    _refuse_cost(state, state.cost - gone.cost + standings[take.pk].cost)
    return gone


def _refuse_cost(state: ChoiceState, cost: Decimal) -> None:
    """Raises ChoiceCostError."""
    if state.group.cost_cap is not None and cost > state.group.cost_cap:
        raise ChoiceCostError(state.group, cap=state.group.cost_cap, cost=cost)


def _window(state: ChoiceState) -> dict[str, Any]:
    """The group and its window, which stays what it is now until it is over (sql/rights/kept_window.sql)."""
    return {
        "group": state.group, "window_from": state.window_from, "window_until": state.paid_until,
        "opened_on": state.opened_on,
    }


def _written(
    member: Member, state: ChoiceState, gone: ChoiceStanding, *, key: str, on: date, at: datetime, actor: User | None
) -> Choice:
    """The row of what is put away: the one that was chosen, or a new one for a default."""
    if not gone.is_default:
        return Choice.objects.get(
            member=member, group=state.group, benefit=gone.benefit, window_from=state.window_from, swapped_on=None
        )
    return Choice.objects.create(
        member=member, benefit=gone.benefit, key=key, is_default=True, on=on, at=at, actor=actor, **_window(state)
    )

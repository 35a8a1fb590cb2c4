"""What a member has of a choice group and may still do: read from the rights that name it. (Choosing: choices.py.)"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from django.db.models import Q

from benefits.models import Benefit, Choice, ChoiceGroup, ChoiceOption, Grant, Redemption
from benefits.services.rights import Right, rights_of
from memberships.models import Member


@dataclass(frozen=True)
class ChoiceStanding:
    """One option for a member. `is_chosen`: it is theirs, by choice or (`is_default`) because they did not choose.

    `may_choose`, `may_swap`: whether it may still be taken, or be exchanged for another. `is_used`: in this window.
    """

    group: ChoiceGroup
    benefit: Benefit
    cost: Decimal
    choosable_until: date | None
    is_chosen: bool
    is_default: bool
    is_used: bool
    may_choose: bool
    may_swap: bool


@dataclass(frozen=True)
class ChoiceState:
    """A choice group for a member on a day.

    `window_from`, `window_until`: its window, the last day not included, None without end. `choosable_until`: the last
    day to choose, None: as long as the window lasts. `free`: so many may still be chosen. `cost`: of what is theirs.
    """

    group: ChoiceGroup
    window_from: date
    window_until: date | None
    choosable_until: date | None
    is_open: bool
    free: int
    swaps_left: int
    cost: Decimal
    options: tuple[ChoiceStanding, ...]

    @property
    def chosen(self) -> list[ChoiceStanding]:
        """What is theirs, chosen or by default."""
        return [option for option in self.options if option.is_chosen]


@dataclass(frozen=True)
class _Window:
    """The window of a group for a member, with what was chosen in it and which options were used."""

    group: ChoiceGroup
    first: date
    after: date | None
    opened: date
    choices: list[Choice]
    used: set[int]

    @property
    def choosable_until(self) -> date | None:
        last = self.after - timedelta(days=1) if self.after else None
        if self.group.deadline_days is None:
            return last
        deadline = self.opened + timedelta(days=self.group.deadline_days - 1)
        return min(deadline, last) if last else deadline


def choice_state(member: Member, group: ChoiceGroup, *, on: date) -> ChoiceState | None:
    """What the member has of a group; None: nothing entitles to an option of it on that day, or it has no window."""
    rights = [right for right in rights_of(member.pk, on=on) if right.group_id == group.pk]
    return states_of(member, rights, [group], on=on).get(group.pk)


def states_of(
    member: Member, rights: Sequence[Right], groups: Iterable[ChoiceGroup], *, on: date
) -> dict[int, ChoiceState]:
    """By group; those that have no window (a term, without a card) are left out. Four statements for all of them."""
    by_id = {group.pk: group for group in groups}
    mine: dict[int, dict[int, Right]] = {}
    for right in rights:
        if right.group_id in by_id and right.group_from is not None:
            mine.setdefault(right.group_id or 0, {})[right.benefit_id] = right
    if not mine:
        return {}
    options: dict[int, list[ChoiceOption]] = {}
    for option in ChoiceOption.objects.filter(group__in=mine).select_related("benefit").order_by("group", "rank"):
        if option.benefit_id in mine[option.group_id]:
            options.setdefault(option.group_id, []).append(option)
    windows = _windows(member, mine, by_id)
    return {
        pk: _state(windows[pk], held, options.get(pk, []), on=on)
        for pk, held in mine.items()
    }


def _windows(
    member: Member, mine: Mapping[int, Mapping[int, Right]], groups: Mapping[int, ChoiceGroup]
) -> dict[int, _Window]:
    """Each group's window, its choices and what was used of it."""
    spans = {pk: next(iter(rights.values())) for pk, rights in mine.items()}
    used: dict[int, set[int]] = {pk: set() for pk in mine}
    uses = Q(pk__in=[])
    held = Q(pk__in=[])
    for pk, span in spans.items():
        within = Q(benefit__in=mine[pk])
        uses |= within & _between("on", span)
        held |= within & _between("used_on", span)
    done = Redemption.objects.filter(uses, member=member, state=Redemption.State.DONE).values_list("benefit", "on")
    coupons = Grant.objects.filter(held, member=member, state=Grant.State.USED).values_list("benefit", "used_on")
    for benefit, day in [*done.distinct(), *coupons.distinct()]:
        for pk, span in spans.items():
            if benefit in mine[pk] and _holds(span, day):
                used[pk].add(benefit)
    choices: dict[int, list[Choice]] = {pk: [] for pk in mine}
    for choice in Choice.objects.filter(member=member, group__in=mine).order_by("pk"):
        if choice.window_from == spans[choice.group_id].group_from:
            choices[choice.group_id].append(choice)
    return {
        pk: _Window(
            groups[pk], span.group_from or date.min, span.group_after, span.group_opened or date.min, choices[pk],
            used[pk],
        )
        for pk, span in spans.items()
    }


def _between(field: str, span: Right) -> Q:
    found = Q(**{f"{field}__gte": span.group_from})
    return found & Q(**{f"{field}__lt": span.group_after}) if span.group_after else found


def _holds(span: Right, day: date | None) -> bool:
    return bool(
        day and span.group_from and span.group_from <= day and (span.group_after is None or day < span.group_after)
    )


def _state(
    window: _Window, rights: Mapping[int, Right], options: Sequence[ChoiceOption], *, on: date
) -> ChoiceState:
    group = window.group
    until = window.choosable_until
    is_open = until is None or on <= until
    taken = [choice for choice in window.choices if choice.swapped_on is None]
    swaps_left = max(0, group.swaps - sum(1 for choice in window.choices if choice.replaces_id is not None))
    had = [option for option in options if rights[option.benefit_id].is_chosen]
    cost = sum((option.cost for option in had), Decimal(0))
    free = max(0, group.picks - len(taken)) if is_open else 0

    def standing(option: ChoiceOption) -> ChoiceStanding:
        right = rights[option.benefit_id]
        is_chosen, is_used = bool(right.is_chosen), option.benefit_id in window.used
        is_affordable = group.cost_cap is None or cost + option.cost <= group.cost_cap
        return ChoiceStanding(
            group, option.benefit, option.cost, until, is_chosen, right.is_default, is_used,
            may_choose=not is_chosen and free > 0 and is_affordable,
            may_swap=is_chosen and not is_used and swaps_left > 0,
        )

    return ChoiceState(
        group, window.first, window.after, until, is_open, free, swaps_left, cost, tuple(map(standing, options))
    )

"""What a member has of a choice group and may still do: read from the rights that name it. (Choosing: choices.py.)"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from benefits.models import Benefit, Choice, ChoiceGroup, ChoiceOption
from benefits.services import statements
from benefits.services.rights import Right, rights_of
from benefits.uses import OptionSpan, use_finders
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

    `window_from`, `window_until`: its window, the last day not included, None without end; `paid_until`: the same
    without the card's grace, in which no window of its own begins. `opened_on`: from which the days to choose are
    counted; `choosable_until`: the last of them, None: as long as the window lasts. `free`: so many may still be
    chosen. `cost`: of what is theirs.
    """

    group: ChoiceGroup
    window_from: date
    window_until: date | None
    paid_until: date | None
    opened_on: date
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
    paid_after: date | None
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
    benefits = Benefit.objects.in_bulk({right.benefit_id for right in rights})
    return states_of(member, rights, benefits, on=on).get(group.pk)


def states_of(
    member: Member, rights: Sequence[Right], benefits: Mapping[int, Benefit], *, on: date
) -> dict[int, ChoiceState]:
    """By group; those that have no window (a term, without a card) are left out. `benefits`: those of the rights.

    Three statements for all of them, and one for each floor above that knows of uses.
    """
    mine: dict[int, dict[int, Right]] = {}
    for right in rights:
        if right.group_id is not None and right.group_from is not None:
            mine.setdefault(right.group_id, {})[right.benefit_id] = right
    if not mine:
        return {}
    options: dict[int, list[ChoiceOption]] = {pk: [] for pk in mine}
    for option in ChoiceOption.objects.filter(group__in=mine).select_related("group").order_by("group", "rank"):
        if option.benefit_id in mine[option.group_id]:
            option.benefit = benefits[option.benefit_id]
            options[option.group_id].append(option)
    windows = _windows(member, mine, {pk: found[0].group for pk, found in options.items() if found})
    return {pk: _state(window, mine[pk], options[pk], on=on) for pk, window in windows.items()}


def _windows(
    member: Member, mine: Mapping[int, Mapping[int, Right]], groups: Mapping[int, ChoiceGroup]
) -> dict[int, _Window]:
    """Each group's window, its choices and what was used of it."""
    used = _used(member, [
        OptionSpan(pk, benefit, right.group_from, right.group_after)
        for pk in groups for benefit, right in mine[pk].items()
    ])
    firsts = {pk: next(iter(mine[pk].values())) for pk in groups}
    choices: dict[int, list[Choice]] = {pk: [] for pk in groups}
    for choice in Choice.objects.filter(member=member, group__in=groups).order_by("pk"):
        if choice.window_from == firsts[choice.group_id].group_from:
            choices[choice.group_id].append(choice)
    return {
        pk: _Window(
            group, firsts[pk].group_from or date.min, firsts[pk].group_after, firsts[pk].group_paid_after,
            firsts[pk].group_opened or date.min, choices[pk],
            {benefit for group_pk, benefit in used if group_pk == pk},
        )
        for pk, group in groups.items()
    }


def _used(member: Member, spans: Sequence[OptionSpan]) -> set[tuple[int, int]]:
    """Group and benefit of what was used within its window, here or as a floor above knows it."""
    found: set[tuple[int, int]] = set(statements.rows(
        "choices/used", member=member.pk, groups=[span.group for span in spans],
        benefits=[span.benefit for span in spans], firsts=[span.first for span in spans],
        afters=[span.after for span in spans],
    ))
    return found.union(*(finder.find(member.pk, spans) for finder in use_finders))


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
        group, window.first, window.after, window.paid_after, window.opened, until, is_open, free, swaps_left, cost,
        tuple(map(standing, options)),
    )

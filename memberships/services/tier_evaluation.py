"""Evaluation of tiers: what the points, cards and hands of a member give on a day; one wallet, or all of a range.

The rules, which sql/tiers/facts.sql and decide.sql carry out (their plain twin for the tests is
tests/memberships/tiers_model.py):

**Windows.** The qualifying points of the entries up to the day count by their business dates. cumulative: all of them.
calendar_year: those of the day's year. rolling_months: those of the last N months, the day included. anniversary: those
of the membership year, which begins on the enrolment's day (29 February: on the 28th in common years). Where there are
periods (calendar_year, anniversary) the closed one, which is the period before the running one, counts beside it, each
by itself: so a tier that is reached in a period holds to the end of the next one, and points that were booked late
count all the same.

**Up** at once: the highest tier whose threshold the points of the running window (or of the closed period) reach, or
that a paid card gives. Points raise also who stands by hand. A tier with a plan is given by the plan alone.

**Hold.** `held_until` is the last day on which the tier cannot be lost. Of a tier that points give: the end of the
period after the one they are of (calendar_year: 31 December of the next year; anniversary: the end of the next
membership year); of a rolling window, N months from the rise (sql/tiers/held_until.sql, one place). Reached again in
the next period, it holds for one more (a change of the kind "kept"). No date: what cannot be lost: the lowest tier, a
floor, any tier of a ladder without downgrade; and what a card gives, which holds as long as the card. Where a ladder
got a downgrade later (or a floor went), a tier without a date gets one at the next evaluation, as if it were reached
that day: nobody falls before a whole period under the new rules, and the notices ahead of its end. Where a ladder lost
its downgrade, the date goes. Both are changes of the kind "kept".

**Down** when the hold is over and neither points nor a card give the tier. none: never. one_step: to the next tier
below that points give; to_balance: to the one that the points give, of the closed period or the running one, whichever
is more; the lowest at the least. With days of grace the tier stays that many days after the hold (`below_since` is
their first day) and goes only then; who reaches it meanwhile keeps it. Nobody falls below a floor that they stand on or
above.

**Other grounds.** A tier set by hand or matched holds until its date (none: until it is set again), one given by a card
as long as the card of the plan is paid for or in its days of grace; a retired tier until the next evaluation. Then the
member goes to what the points give, at once, whatever the ladder's downgrade, but not below a floor. A ladder with
plans needs a tier that points give, or its last member stays.

**First.** Who has no tier in a ladder gets the highest that is given; none, where nothing is (no tier from 0 points).

A standing that was changed later than the day is not looked at: so nights may be run again, and late.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from django.db import transaction

from memberships.models import Enrolment, Tier, TierChange, TierGroup
from memberships.services import statements
from memberships.services.members import lock_member
from memberships.services.ranges import KeyRange, mark_items
from memberships.signals import tier_changed
from operations.audit import because
from operations.models import JobRun, User
from operations.services.outbox import nudge_on_commit

#: The key of a dry run's item is so many times the ladder's key, plus the wallet's: a wallet has an item per ladder.
ITEMS_PER_LADDER = 2**42
#: The decision that the days of grace begin: noted in the standing, but no change of tier.
GRACE = "grace"


@dataclass(frozen=True)
class Rung:
    """A tier as the evaluation sees it. Tiers of a draft that are not in the tables have negative keys."""

    id: int
    code: str
    rank: int
    threshold: int
    is_floor: bool = False
    plan_code: str = ""
    is_retired: bool = False

    @property
    def is_climbed(self) -> bool:
        """Whether points give it."""
        return not self.plan_code and not self.is_retired

    @property
    def is_kept(self) -> bool:
        """Whether nobody falls below it."""
        return self.is_floor and not self.is_retired


@dataclass(frozen=True)
class Ladder:
    """A tier group with its tiers: all that an evaluation needs to know of the rules."""

    group: int
    code: str
    programme: int
    window: str
    window_months: int | None
    downgrade: str
    grace_days: int
    tiers: tuple[Rung, ...]

    def as_json(self) -> str:
        """For the functions of sql/tiers/, which know tiers by their places in the ladder: 1 is the lowest.

        By place: `ids`, `needs` (thresholds), `floors` (the floor at or below it) and `below` (the next tier below that
        points give). Lists of places: `retired`, and `fallible`, those of tiers that can be lost. `thresholds` and
        `climbed` (places) are of the tiers that points give, in the order of their thresholds.
        """
        places = dict(enumerate(self.tiers, start=1))
        climbed = sorted((rung.threshold, place) for place, rung in places.items() if rung.is_climbed)
        given = [place for _threshold, place in climbed]
        floors = [_highest(to for to in places if to <= place and places[to].is_kept) for place in places]
        below = [_highest(to for to in given if to < place) for place in places]
        return json.dumps({
            "group": self.group, "programme": self.programme, "window": self.window,
            "window_months": self.window_months, "downgrade": self.downgrade, "grace_days": self.grace_days,
            "ids": [rung.id for rung in self.tiers], "needs": [rung.threshold for rung in self.tiers],
            "floors": floors, "below": below,
            "retired": [place for place, rung in places.items() if rung.is_retired],
            "fallible": [
                place for place in places
                if self.downgrade != TierGroup.Downgrade.NONE and below[place - 1] and floors[place - 1] != place
            ],
            "thresholds": [threshold for threshold, _place in climbed], "climbed": given,
            "lowest": min(given, default=None),
            "plans": [
                {"code": rung.plan_code, "place": place}
                for place, rung in places.items() if rung.plan_code and not rung.is_retired
            ],
        })

    @property
    def first_item(self) -> int:
        """What the keys of a dry run's items begin with; the wallet's key is added."""
        return self.group * ITEMS_PER_LADDER

    def items(self, keys: KeyRange) -> KeyRange:
        """The keys of the items of a range of wallets."""
        return KeyRange(self.first_item + keys.first, self.first_item + keys.last)


class LadderRange(NamedTuple):
    """A range of wallets, both ends included, to be evaluated on a ladder, and how many there are."""

    group: int
    first: int
    last: int
    size: int


def ladder_of(group: TierGroup, *, on: date) -> Ladder:
    """The ladder as its tables say, on a day."""
    return Ladder(
        group=group.pk, code=group.code, programme=group.programme_id, window=group.window,
        window_months=group.window_months, downgrade=group.downgrade, grace_days=group.grace_days,
        tiers=tuple(rung_of(tier, on=on) for tier in Tier.objects.filter(group=group).order_by("rank")),
    )


def rung_of(tier: Tier, *, on: date) -> Rung:
    """A tier on a day."""
    return Rung(
        id=tier.pk, code=tier.code, rank=tier.rank, threshold=tier.threshold, is_floor=tier.is_floor,
        plan_code=tier.plan_code, is_retired=tier.retired_on is not None and tier.retired_on <= on,
    )


def _highest(places: Iterable[int]) -> int | None:
    return max(places, default=None)


def wallet_of_item(key: int) -> int:
    """The wallet that a dry run's item is about."""
    return key % ITEMS_PER_LADDER


def ladder_ranges(*, size: int) -> list[LadderRange]:
    """All wallets, ladder by ladder, in ranges that span `size` keys. Reads the wallets once."""
    return [LadderRange(*found) for found in statements.rows("tiers/ranges", size=size)]


def ranges_of_ends(days: Sequence[date], *, size: int) -> list[LadderRange]:
    """The wallets whose tier ends on one of the days, in ranges that span `size` keys."""
    return [LadderRange(*found) for found in statements.rows("tiers/ranges_of_ends", days=list(days), size=size)]


def ladder_ranges_of_items(approved: JobRun, *, size: int) -> list[LadderRange]:
    """The ranges of what a dry run foresaw, with `size` items each."""
    found = statements.rows("tiers/ranges_of_items", run=approved.pk, size=size, width=ITEMS_PER_LADDER)
    return [LadderRange(*row) for row in found]


@transaction.atomic
def evaluate_range(
    ladder: Ladder, keys: KeyRange, *, on: date, at: datetime, actor: User | None, reason: str = "",
    approved: JobRun | None = None,
) -> dict[int, str]:
    """Evaluate the wallets of a range on a business date; by wallet what happened (a TierChange.Kind, or GRACE).

    Of an approved dry run, only what it lists and finds as it was: its items say what became of them. Locks the wallets
    that change, in key order. A repeat changes nothing.
    """
    found = statements.rows(
        "tiers/evaluate", on=on, at=at, actor=actor and actor.pk, reason=reason[:200],
        approved=approved and approved.pk, base=ladder.first_item, group_code=ladder.code, **_facts(ladder, keys),
    )
    if approved is not None:
        mark_items(approved, ladder.items(keys), done=[ladder.first_item + wallet for wallet, _kind in found])
    if found:
        nudge_on_commit()
    return dict(found)


def foresee_range(run: JobRun, ladder: Ladder, keys: KeyRange) -> int:
    """Write an item of a dry run for each wallet of a range that would change; how many."""
    return statements.run(
        "tiers/foresee", run=run.pk, on=run.business_date, base=ladder.first_item, **_facts(ladder, keys)
    )


@transaction.atomic
def evaluate_enrolment(
    enrolment: Enrolment, *, on: date, at: datetime, actor: User | None, reason: str = ""
) -> list[TierChange]:
    """Evaluate a wallet on each ladder of its programme; the changes, which are told by the signal, too.

    Locks the member, then the wallet: those who hear of a change lock the member as well.
    """
    lock_member(enrolment.member_id)
    keys = KeyRange(enrolment.pk, enrolment.pk)
    changes: list[TierChange] = []
    with because(reason or "tiers evaluated", actor=actor):
        for group in TierGroup.objects.filter(programme=enrolment.programme_id).order_by("pk"):
            ladder = ladder_of(group, on=on)
            if evaluate_range(ladder, keys, on=on, at=at, actor=actor, reason=reason).get(enrolment.pk, GRACE) != GRACE:
                newest = TierChange.objects.filter(enrolment=enrolment, group=group)
                changes.append(newest.select_related("from_tier", "to_tier").latest("pk"))
    tell(changes, on=on, actor=actor)
    return changes


def tell(changes: Iterable[TierChange], *, on: date, actor: User | None) -> None:
    """Send the signal for single changes; a night's are told by the outbox alone."""
    for change in changes:
        tier_changed.send(TierChange, change=change, on=on, actor=actor)


def tell_of_ends(
    ladder: Ladder, keys: KeyRange, *, ends_on: date, days: int, at: datetime, approved: JobRun | None = None
) -> list[int]:
    """Tell the members of a range whose tier holds to that day and would then be lost; the wallets not told of before.

    `days`: how long before the end this is, which is part of the message's key. Of an approved dry run, only what it
    lists, where the same tier ends and would still be lost, whatever was earned meanwhile.
    """
    told = statements.rows(
        "tiers/will_change", ends_on=ends_on, days=days, at=at, group_code=ladder.code, grace_days=ladder.grace_days,
        approved=approved and approved.pk, base=ladder.first_item, **_facts(ladder, keys),
    )
    if told:
        nudge_on_commit()
    return [wallet for (wallet,) in told]


def foresee_ends(run: JobRun, ladder: Ladder, keys: KeyRange, *, ends_on: date, days: int) -> int:
    """Write an item of a dry run for each member that would be told so; how many."""
    return statements.run(
        "tiers/will_change_foresee", run=run.pk, ends_on=ends_on, days=days, base=ladder.first_item,
        **_facts(ladder, keys),
    )


def _facts(ladder: Ladder, keys: KeyRange) -> dict[str, object]:
    """What every statement about a range of wallets needs."""
    return {"ladder": ladder.as_json(), "group": ladder.group, "first": keys.first, "last": keys.last}

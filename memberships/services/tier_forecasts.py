"""The what-if: what an evaluation would make of all members if a draft's tiers were in effect. Nothing is written.

It is the evaluation's own functions (memberships_tier_facts and memberships_tier_decide, of which the night's
memberships_tier_decisions is made) over the ladders of the draft, added up; so, once the draft is in effect, the
evaluation of that day does exactly this with the members whose points and tiers are as they were.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any, NamedTuple, Self

from django.db.models import Max, Min

from memberships.models import Enrolment, Programme, Tier, TierGroup
from memberships.services import statements
from memberships.services.ranges import KeyRange
from memberships.services.tier_evaluation import GRACE, Ladder, Rung, rung_of

#: Of a group and of the tiers that are in no table yet.
NOT_THERE = 0
#: Keys of wallets that are looked at by one statement: so few that it reads them in order, side by side.
RANGE = 50_000
Entry = Mapping[str, Any]


@dataclass(frozen=True)
class Move:
    """So many members go from a tier to another (codes; None: no tier), or stay where they stand."""

    was: str | None
    to: str | None
    kind: str
    members: int


@dataclass(frozen=True)
class TierOutlook:
    """A tier before and after: who stands on it, and where the difference comes from.

    `held`: those who stay though the points that count do not give the tier (any more), until their hold is over.
    """

    code: str
    name: str
    name_en: str
    was_threshold: int | None
    threshold: int | None
    before: int
    after: int
    stay: int
    up: int
    down: int
    held: int


@dataclass(frozen=True)
class LadderForecast:
    """A ladder: its tiers from the lowest up, and who goes where."""

    group: str
    name: str
    name_en: str
    tiers: tuple[TierOutlook, ...]
    moves: tuple[Move, ...]

    @property
    def totals(self) -> dict[str, int]:
        """Members by what happens to them: stay, up, down, first; and those with no tier before and after."""
        totals = dict.fromkeys(("stay", "up", "down", "first", "none"), 0)
        for move in self.moves:
            totals[_direction(move)] += move.members
        return totals


@dataclass(frozen=True)
class Forecast:
    """Of each ladder of a programme, on the business date of an evaluation."""

    on: date
    ladders: tuple[LadderForecast, ...]


@dataclass(frozen=True)
class Outline:
    """A ladder as somebody would have it, with what is told of it beside: names, and the thresholds there are."""

    ladder: Ladder
    name: str
    name_en: str
    labels: Mapping[str, tuple[str, str]]
    thresholds: Mapping[str, int]

    def as_json(self) -> dict[str, Any]:
        """As it is kept with a what-if."""
        return asdict(self)

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Self:
        """What `as_json` gave."""
        rules = content["ladder"]
        ladder = Ladder(**{**rules, "tiers": tuple(Rung(**rung) for rung in rules["tiers"])})
        labels = {code: (name, name_en) for code, (name, name_en) in content["labels"].items()}
        return cls(**{**content, "ladder": ladder, "labels": labels})


class Count(NamedTuple):
    """So many wallets go from a tier to another (codes); `held`: of those, who stay above what their points give."""

    was: str | None
    to: str | None
    kind: str
    members: int
    held: int


def forecast_document(
    programme: Programme | None, tier_groups: Sequence[Entry], tiers: Sequence[Entry], *, on: date
) -> Forecast:
    """What the evaluation of a day would do with a programme file's sections `tier_groups` and `tiers` in effect.

    The sections with their defaults filled in, as `Document.sections` has them. A programme that does not exist yet has
    nobody: its forecast is empty.
    """
    if programme is None:
        return Forecast(on, ())
    return Forecast(on, tuple(_forecast(each, on=on) for each in outlines(programme, tier_groups, tiers, on=on)))


def outlines(
    programme: Programme, tier_groups: Sequence[Entry], tiers: Sequence[Entry], *, on: date
) -> list[Outline]:
    """The ladders that a file's sections would make of a programme on a day."""
    return [
        _outline(
            *drafted_ladder(programme, group, [tier for tier in tiers if tier["group"] == group["code"]], on=on),
            group, on=on,
        )
        for group in tier_groups
    ]


def forecast_group(group: TierGroup, *, on: date) -> LadderForecast:
    """What the evaluation of a day will do with a ladder as it is."""
    tiers = list(Tier.objects.filter(group=group).order_by("rank"))
    rungs = tuple(rung_of(tier, on=on) for tier in tiers)
    names = {"name": {"zh": group.name, "en": group.name_en}}
    labels = {tier.code: (tier.name, tier.name_en) for tier in tiers}
    return _forecast(_outline(_ladder(group.programme, group, vars(group), rungs), labels, tiers, names, on=on), on=on)


def drafted_ladder(
    programme: Programme, group: Entry, entries: Sequence[Entry], *, on: date
) -> tuple[Ladder, dict[str, tuple[str, str]], list[Tier]]:
    """A ladder as a file's sections would make it, the names of its tiers, and the tiers that there are."""
    present = TierGroup.objects.filter(programme=programme, code=group["code"]).first()
    tiers = list(Tier.objects.filter(group=present).order_by("rank")) if present else []
    known = {tier.code: tier for tier in tiers}
    rungs = {
        entry["code"]: Rung(
            id=known[entry["code"]].pk if entry["code"] in known else NOT_THERE - number, code=entry["code"], rank=0,
            threshold=entry.get("threshold", 0), is_floor=entry["is_floor"], plan_code=entry.get("plan", ""),
        )
        for number, entry in enumerate(entries, start=1)
    }
    ranked = _in_order([rung_of(tier, on=on) for tier in tiers], rungs)
    labels = {tier.code: (tier.name, tier.name_en) for tier in tiers}
    labels |= {entry["code"]: (entry["name"]["zh"], entry["name"]["en"]) for entry in entries}
    return _ladder(programme, present, group, ranked), labels, tiers


def _in_order(present: Sequence[Rung], wanted: Mapping[str, Rung]) -> tuple[Rung, ...]:
    """The rungs as the file has them; one that it leaves out is retired, and stays above the one that it was above."""
    ladder = list(wanted.values())
    places = [wanted.get(rung.code) or replace(rung, is_retired=True) for rung in present]
    for number, rung in enumerate(places):
        if rung.code not in wanted:
            ladder.insert(ladder.index(places[number - 1]) + 1 if number else 0, rung)
    return tuple(replace(rung, rank=rank) for rank, rung in enumerate(ladder, start=1))


def _ladder(
    programme: Programme, group: TierGroup | None, rules: Mapping[str, Any], rungs: tuple[Rung, ...]
) -> Ladder:
    return Ladder(
        group=group.pk if group else NOT_THERE, code=rules["code"], programme=programme.pk, window=rules["window"],
        window_months=rules.get("window_months"), downgrade=rules["downgrade"], grace_days=rules["grace_days"],
        tiers=rungs,
    )


def _outline(
    ladder: Ladder, labels: Mapping[str, tuple[str, str]], tiers: Iterable[Tier], group: Entry, *, on: date
) -> Outline:
    thresholds = {tier.code: tier.threshold for tier in tiers if tier.retired_on is None or tier.retired_on > on}
    return Outline(ladder, group["name"]["zh"], group["name"]["en"], labels, thresholds)


def _forecast(outline: Outline, *, on: date) -> LadderForecast:
    return put_together(outline, (count for keys in wallet_ranges() for count in count_range(outline, keys, on=on)))


def count_range(outline: Outline, keys: KeyRange, *, on: date) -> list[Count]:
    """What the evaluation of a day would do with a range of wallets. Reads only."""
    codes: dict[int | None, str | None] = {rung.id: rung.code for rung in outline.ladder.tiers}
    found = statements.rows(
        "tiers/forecast", ladder=outline.ladder.as_json(), on=on, first=keys.first, last=keys.last
    )
    return [Count(codes.get(was), codes.get(to), kind, members, held) for was, to, kind, members, held in found]


def added_up(counts: Iterable[Count]) -> list[Count]:
    """One count of each kind of move."""
    added: dict[tuple[str | None, str | None, str], Count] = {}
    for count in counts:
        before = added.get(count[:3])
        added[count[:3]] = count._replace(
            members=count.members + before.members, held=count.held + before.held
        ) if before else count
    return list(added.values())


def put_together(outline: Outline, counts: Iterable[Count]) -> LadderForecast:
    """The forecast of a ladder from what was counted range by range."""
    held: Counter[str | None] = Counter()
    added = added_up(counts)
    for count in added:
        held[count.was] += count.held
    moves = tuple(Move(count.was, count.to, count.kind, count.members) for count in added)
    outlooks = tuple(
        _outlook(
            rung, outline.labels[rung.code], outline.thresholds.get(rung.code), moves, held.get(rung.code, 0)
        )
        for rung in outline.ladder.tiers
        # What was retired long ago, and nobody stands on, is no part of the question.
        if not rung.is_retired or any(rung.code in (move.was, move.to) for move in moves)
        or rung.code in outline.thresholds
    )
    return LadderForecast(outline.ladder.code, outline.name, outline.name_en, outlooks, moves)


def wallet_ranges() -> Iterator[KeyRange]:
    """All wallets, in ranges of keys that PostgreSQL joins in memory."""
    edges = Enrolment.objects.aggregate(first=Min("pk"), last=Max("pk"))
    if edges["first"] is not None:
        for first in range(edges["first"], edges["last"] + 1, RANGE):
            yield KeyRange(first, min(first + RANGE - 1, edges["last"]))


def _outlook(
    rung: Rung, name: tuple[str, str], was_threshold: int | None, moves: Sequence[Move], held: int
) -> TierOutlook:
    leaving = [move for move in moves if move.was == rung.code]
    return TierOutlook(
        code=rung.code, name=name[0], name_en=name[1], was_threshold=was_threshold,
        threshold=None if rung.is_retired else rung.threshold,
        before=sum(move.members for move in leaving),
        after=sum(move.members for move in moves if move.to == rung.code),
        stay=sum(move.members for move in leaving if _direction(move) == "stay"),
        up=sum(move.members for move in leaving if _direction(move) == "up"),
        down=sum(move.members for move in leaving if _direction(move) == "down"), held=held,
    )


def _direction(move: Move) -> str:
    """What happens to those of a move, for the table: kept and grace are ways to stay."""
    if move.was is None:
        return "none" if move.to is None else "first"
    return "stay" if move.kind in ("", "kept", GRACE) else move.kind

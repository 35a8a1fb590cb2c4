"""Tiers in plain Python, to compare the real evaluation with: the rules of services/tier_evaluation.py, no database."""

from dataclasses import dataclass, replace
from datetime import date, timedelta

from memberships.dates import add_months

DAY = timedelta(days=1)
PERIODS = ("calendar_year", "anniversary")


@dataclass(frozen=True)
class Step:
    """A tier of a ladder; its rank is its place in the list."""

    threshold: int
    is_floor: bool = False
    is_plan: bool = False
    is_retired: bool = False


@dataclass(frozen=True)
class Rules:
    window: str
    downgrade: str
    steps: tuple[Step, ...]
    months: int | None = None
    grace_days: int = 0


@dataclass(frozen=True)
class Standing:
    """Where somebody stands: the place of the tier, and until when."""

    place: int
    cause: str
    since: date
    held_until: date | None = None
    below_since: date | None = None


@dataclass(frozen=True)
class Facts:
    """A member: when they enrolled, their points by day, and the place of the tier that a card gives."""

    enrolled_on: date
    entries: tuple[tuple[date, int], ...] = ()
    plan: int | None = None


def window_from(rules: Rules, enrolled_on: date, day: date) -> date:
    if rules.window == "calendar_year":
        return date(day.year, 1, 1)
    if rules.window == "rolling_months":
        return add_months(day, -(rules.months or 0)) + DAY
    if rules.window == "anniversary":
        return add_months(enrolled_on, 12 * _full_years(enrolled_on, day))
    return date.min


def holds_until(rules: Rules, enrolled_on: date, day: date) -> date:
    if rules.window == "calendar_year":
        return date(day.year + 1, 12, 31)
    if rules.window == "rolling_months":
        return add_months(day, rules.months or 0) - DAY
    return add_months(enrolled_on, 12 * (_full_years(enrolled_on, day) + 2)) - DAY


def _full_years(since: date, day: date) -> int:
    years = day.year - since.year
    return years if add_months(since, 12 * years) <= day else years - 1


def evaluate(rules: Rules, facts: Facts, standing: Standing | None, on: date) -> tuple[str | None, Standing | None]:
    """What happens (None: nothing), and the standing afterwards."""
    if (standing is not None and standing.since > on) or facts.enrolled_on > on:
        return None, standing
    return _Evaluation(rules, facts, standing, on).decide()


class _Evaluation:
    def __init__(self, rules: Rules, facts: Facts, standing: Standing | None, on: date) -> None:
        self.rules, self.facts, self.standing, self.on = rules, facts, standing, on
        self.climbed = [n for n, step in enumerate(rules.steps) if not step.is_plan and not step.is_retired]
        first = window_from(rules, facts.enrolled_on, on)
        self.closed_on = first - DAY if rules.window in PERIODS else None
        self.now = self._reached(first, on)
        self.closed = None
        if self.closed_on is not None:
            self.closed = self._reached(window_from(rules, facts.enrolled_on, self.closed_on), self.closed_on)
        plan = facts.plan
        self.plan = None if plan is None or rules.steps[plan].is_retired else plan

    def _reached(self, first: date, last: date) -> int | None:
        points = max(0, sum(points for day, points in self.facts.entries if first <= day <= last))
        return max((n for n in self.climbed if self.rules.steps[n].threshold <= points), default=None)

    def decide(self) -> tuple[str | None, Standing | None]:
        best = _highest(self.now, self.closed, self.plan)
        standing = self.standing
        if standing is None:
            return (None, None) if best is None else ("first", self._given(best))
        if best is not None and best > standing.place:
            return "up", self._given(best)
        ends_on = self._ends_on(standing)
        if self._is_over(standing, ends_on):
            return self._over(standing, best, ends_on)
        if standing.cause == "points" and self._can_fall(standing.place) != (standing.held_until is not None):
            return "kept", self._given(standing.place, is_anew=True)
        if standing.cause == "points" and self.rules.window in PERIODS and ends_on is not None \
                and self.now is not None and self.now >= standing.place \
                and ends_on < holds_until(self.rules, self.facts.enrolled_on, self.on):
            return "kept", self._given(standing.place)
        return None, standing

    def _over(
        self, standing: Standing, best: int | None, ends_on: date | None
    ) -> tuple[str | None, Standing | None]:
        if best == standing.place:
            return "kept", self._given(best)
        is_retired = self.rules.steps[standing.place].is_retired
        if standing.cause == "points" and not is_retired and ends_on is not None \
                and self.on <= ends_on + timedelta(days=self.rules.grace_days):
            begins = standing.below_since is None
            return ("grace", replace(standing, below_since=ends_on + DAY)) if begins else (None, standing)
        lowest = min(self.climbed, default=None)
        if standing.cause == "points" and self.rules.downgrade == "one_step" and not is_retired:
            lowest = self._below(standing.place)
        fallen = _highest(best, self._floor(standing.place), lowest)
        if fallen is None:
            return None, standing
        kind = "kept" if fallen == standing.place else "up" if fallen > standing.place else "down"
        return kind, self._given(fallen)

    def _is_over(self, standing: Standing, ends_on: date | None) -> bool:
        if self.rules.steps[standing.place].is_retired:
            return True
        if standing.cause == "plan":
            return self.plan != standing.place
        return ends_on is not None and ends_on < self.on

    def _ends_on(self, standing: Standing) -> date | None:
        if standing.cause == "plan":
            return None
        if standing.cause != "points":
            return standing.held_until
        return standing.held_until if self._can_fall(standing.place) else None

    def _can_fall(self, place: int) -> bool:
        return self.rules.downgrade != "none" and self._below(place) is not None and self._floor(place) != place

    def _below(self, place: int) -> int | None:
        return max((n for n in self.climbed if n < place), default=None)

    def _floor(self, place: int) -> int | None:
        steps = self.rules.steps[: place + 1]
        return max((n for n, step in enumerate(steps) if step.is_floor and not step.is_retired), default=None)

    def _given(self, place: int, *, is_anew: bool = False) -> Standing:
        """The standing on a tier that is given today. `is_anew`: the rules gave it an end, or took it."""
        by_points = _highest(self.now, self.closed)
        reached = by_points is not None and by_points >= place
        cause = "plan" if self.plan == place and not reached else "points"
        held_until = None
        if cause == "points" and self._can_fall(place):
            from_day = self.on
            if self.closed_on is not None and not is_anew and not (self.now is not None and self.now >= place):
                from_day = self.closed_on
            held_until = holds_until(self.rules, self.facts.enrolled_on, from_day)
        same = self.standing is not None and self.standing.place == place
        since = self.standing.since if same and self.standing is not None else self.on
        return Standing(place, cause, since, held_until)


def _highest(*places: int | None) -> int | None:
    return max((place for place in places if place is not None), default=None)

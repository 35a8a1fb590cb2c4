"""Uses of one benefit by one member in plain Python, to compare the real ones with: rules, a list of uses, no clock."""

from dataclasses import dataclass, field
from datetime import date, timedelta

DAY = timedelta(days=1)
ENDLESS = date.max


class Refused(Exception):  # noqa: N818
    """It is not done; the message is the name of the error that says why."""


@dataclass(frozen=True)
class Rule:
    """By the calendar; quota None: as often as one likes."""

    code: str
    quota: int | None
    window: str
    points: int

    def span(self, day: date) -> tuple[date, date]:
        """The window's first day, and the first one after it."""
        if self.window == "day":
            return day, day + DAY
        if self.window == "week":
            monday = day - day.weekday() * DAY
            return monday, monday + 7 * DAY
        if self.window == "month":
            return day.replace(day=1), (day.replace(day=1) + 31 * DAY).replace(day=1)
        return date.min, ENDLESS


@dataclass
class Use:
    rule: Rule
    quantity: int
    on: date
    is_returned: bool = False


@dataclass
class House:
    """What there is, and what was used of it. `cost`: of one use, in the budget's unit."""

    rules: list[Rule]
    is_sum: bool
    points: int
    units: int
    money: int
    cost: int
    uses: list[Use] = field(default_factory=list)

    @property
    def done(self) -> list[Use]:
        return [use for use in self.uses if not use.is_returned]

    @property
    def used(self) -> int:
        return sum(use.quantity for use in self.done)

    @property
    def points_left(self) -> int:
        return self.points - sum(use.rule.points * use.quantity for use in self.done)

    @property
    def spent(self) -> int:
        return self.cost * self.used

    def left(self, rule: Rule, on: date) -> int | None:
        """None: no end of it."""
        if rule.quota is None:
            return None
        first, after = rule.span(on)
        return rule.quota - sum(
            use.quantity for use in self.done
            if first <= use.on < after and (not self.is_sum or use.rule == rule)
        )

    def redeem(self, quantity: int, on: date) -> Use:
        found = self._winner(quantity, on)
        if found.points * quantity > self.points_left:
            raise Refused("InsufficientPointsError")
        if self.used + quantity > self.units:
            raise Refused("OutOfStockError")
        if self.spent + self.cost * quantity > self.money:
            raise Refused("BudgetExceededError")
        use = Use(found, quantity, on)
        self.uses.append(use)
        return use

    def take_back(self, place: int, on: date) -> None:
        use = self.uses[place]
        if use.is_returned or on < use.on:
            raise Refused("RedemptionReturnError")
        use.is_returned = True

    def _winner(self, quantity: int, on: date) -> Rule:
        """The first that can serve it all, in the order in which rules are used."""
        for rule in sorted(self.rules, key=lambda rule: self._order(rule, on)):
            left = self.left(rule, on)
            if left is None or left >= quantity:
                return rule
        raise Refused("QuotaUsedUpError")

    def _order(self, rule: Rule, on: date) -> tuple[object, ...]:
        left = self.left(rule, on)
        ends = rule.span(on)[1] if self.is_sum else ENDLESS
        most = (0, 0, 0) if left is None else (1, -left, -(rule.quota or 0))
        return (left is not None and left <= 0, ends, most, rule.points, rule.code)

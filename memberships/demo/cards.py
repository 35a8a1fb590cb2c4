"""Cards with a past: the terms of former years, and how each story stands on the day the demo is made for.

Written set-based, as facts that no service makes.
"""

import random
from dataclasses import dataclass, field
from datetime import date, timedelta

from memberships.dates import add_months, term_bounds
from memberships.models import Member, PaymentMethod, Plan, Subscription, Term
from memberships.models.programmes import Audience

#: Of a hundred subscriptions, how many are told each story; "leaving" is cancelled with paid days left.
STORIES = {"active": 66, "pending": 12, "expired": 12, "leaving": 5, "cancelled": 5}
#: Of a hundred active cards, how many end about now: more than would by chance, so that nights have something to do.
ENDING_NOW = 8


@dataclass(frozen=True)
class Days:
    """The day the demo is made for, and the first of the nights that are then run for real; the same: none is."""

    today: date
    first_night: date


@dataclass
class Life:
    """A subscription, its terms and its payment method, not saved yet."""

    subscription: Subscription
    terms: list[Term] = field(default_factory=list)
    method: PaymentMethod | None = None

    @property
    def last_day(self) -> date | None:
        """The last paid day."""
        return self.terms[-1].ends_on if self.terms else None


def live(dice: random.Random, plan: Plan, days: Days) -> Life:
    """A card with a past: up to four terms, the last of which covers the first night or is over."""
    story = dice.choices(list(STORIES), weights=list(STORIES.values()))[0]
    subscription = Subscription(programme_id=plan.programme_id, plan=plan)
    if story == "pending":
        subscription.requested_on = days.today - timedelta(days=dice.randrange(30))
        return Life(subscription)
    count = dice.randint(1, 4)
    latest = _latest_first_day(dice, plan, story, days)
    anchor = add_months(latest, -plan.term_months * (count if story in ("expired", "cancelled") else count - 1))
    spans = [term_bounds(anchor, plan.term_months, number) for number in range(1, count + 1)]
    subscription.requested_on = subscription.started_on = anchor
    _end(dice, subscription, story, spans[-1], days)
    terms = [
        Term(
            subscription=subscription, programme=plan.programme, plan=plan, number=number,
            starts_on=starts_on, ends_on=ends_on,
        )
        for number, (starts_on, ends_on) in enumerate(spans, start=1)
    ]
    return Life(subscription, terms)


def _latest_first_day(dice: random.Random, plan: Plan, story: str, days: Days) -> date:
    """First day of the term that covers the first night, or of the one that was not paid any more."""
    if story == "active" and dice.randrange(100) < ENDING_NOW:
        span = (days.today - days.first_night).days + 4
        last_day = days.first_night + timedelta(days=dice.randint(1, span))
        return add_months(last_day + timedelta(days=1), -plan.term_months)
    return days.first_night - timedelta(days=dice.randrange(365))


def _end(
    dice: random.Random, subscription: Subscription, story: str, last_term: tuple[date, date], days: Days
) -> None:
    """Cancelled on a day of its last term; or lapsed, once its days of grace were over."""
    first_day, last_day = last_term
    if story in ("leaving", "cancelled"):
        days_so_far = (min(days.first_night, last_day) - first_day).days
        subscription.cancelled_on = first_day + timedelta(days=dice.randint(0, days_so_far))
        subscription.ended_on = last_day
    end_of_grace = last_day + timedelta(days=subscription.plan.grace_days)
    if story == "expired" and end_of_grace < days.first_night:
        subscription.ended_on, subscription.lapsed_on = end_of_grace, end_of_grace + timedelta(days=1)


def save_members(kind: Audience, lives: list[Life]) -> list[Member]:
    """Members, one for each life, who joined on the day they asked for their card."""
    members = Member.objects.bulk_create(
        Member(kind=kind, joined_on=life.subscription.requested_on) for life in lives
    )
    for member, life in zip(members, lives, strict=True):
        life.subscription.member = member
        for term in life.terms:
            term.member = member
    return members


def save_cards(lives: list[Life]) -> None:
    """The payment methods, the cards and their terms; the members are there."""
    methods = [life.method for life in lives if life.method is not None]
    PaymentMethod.objects.bulk_create(methods)
    for life in lives:
        life.subscription.payment_method = life.method
    Subscription.objects.bulk_create(life.subscription for life in lives)
    for life in lives:
        for term in life.terms:
            term.subscription = life.subscription
    Term.objects.bulk_create(term for life in lives for term in life.terms)

"""When paid days are over: cards enter their days of grace and lapse after the last one; one card, or all of a range.

What is to be said or done about a card is told once, by the SQL function memberships_ending_cards (sql/lapses/).
"""

from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext as _

from memberships.errors import SubscriptionStateError
from memberships.models import Subscription
from memberships.services import statements
from memberships.services.members import lock_member
from memberships.services.ranges import EVERYTHING, KeyRange, SizedRange, find_ranges, mark_items
from memberships.services.subscriptions import refuse_open_payment
from memberships.signals import subscription_lapsed
from operations.audit import because
from operations.models import JobRun, User

GRACE, LAPSE = "grace", "lapse"


def ending_ranges(*, on: date, size: int) -> list[SizedRange]:
    """Ranges of ids with `size` cards each whose paid days are over and about which something is to be done."""
    return find_ranges("lapses/ranges", size=size, on=on, **EVERYTHING._asdict())


def foresee_endings(run: JobRun, keys: KeyRange) -> int:
    """Write a RunItem for each card of a range that something would be done about; how many."""
    return statements.run("lapses/foresee", run=run.pk, on=run.business_date, **keys._asdict())


@transaction.atomic
def end_cards(
    keys: KeyRange, *, on: date, at: datetime, actor: User | None, approved: JobRun | None = None
) -> dict[int, str]:
    """Tell of the range's cards that entered their grace, end those beyond it; by card, what happened.

    The declined payments of ended cards are abandoned. Of an approved dry run, only what it lists and finds as it
    was. Locks the members in key order; a card with an open payment is left for another day.
    """
    who = {"at": at, "on": on, "approved": approved and approved.pk, **keys._asdict()}
    statements.rows("lapses/lock_members", on=on, **keys._asdict())
    ended = dict(statements.rows("lapses/lapse", **who))
    put_away = {card: "abandon" for (card,) in statements.rows("lapses/abandon", actor=actor and actor.pk, **who)}
    mark_items(approved, keys, done={**put_away, **ended})
    return {**put_away, **ended}


@transaction.atomic
def enter_grace(subscription: Subscription, *, on: date, at: datetime, actor: User | None) -> Subscription:
    """Tell, once, that a card is in its days of grace; benefits go on. SubscriptionStateError when it is not."""
    return _end_one(subscription, GRACE, on=on, at=at, actor=actor, reason="")


@transaction.atomic
def lapse_subscription(
    subscription: Subscription, *, on: date, at: datetime, actor: User | None, reason: str = ""
) -> Subscription:
    """End a card whose grace is over, on its last day of grace; a repeat changes nothing.

    Raises SubscriptionStateError when its grace is not over, PaymentUnderWayError while it is being paid for.
    """
    return _end_one(subscription, LAPSE, on=on, at=at, actor=actor, reason=reason)


def _end_one(
    subscription: Subscription, kind: str, *, on: date, at: datetime, actor: User | None, reason: str
) -> Subscription:
    lock_member(subscription.member_id)
    subscription = Subscription.objects.select_related("plan").get(pk=subscription.pk)
    if kind == LAPSE and subscription.lapsed_on is not None:
        return subscription
    _refuse_other_state(subscription, kind, on=on)
    with because(reason, actor=actor):
        happened = end_cards(KeyRange(subscription.pk, subscription.pk), on=on, at=at, actor=actor)
    subscription.refresh_from_db()
    if happened.get(subscription.pk) == LAPSE:
        subscription_lapsed.send(Subscription, subscription=subscription, on=on, actor=actor)
    return subscription


def _refuse_other_state(subscription: Subscription, kind: str, *, on: date) -> None:
    """Raises SubscriptionStateError, PaymentUnderWayError."""
    in_grace = Subscription.objects.in_grace(on=on).filter(pk=subscription.pk).exists()
    is_unpaid = Subscription.objects.unpaid(on=on).filter(pk=subscription.pk).exists()
    if kind == GRACE and not in_grace:
        raise SubscriptionStateError(_("The card is not in its days of grace on %(on)s.") % {"on": on})
    if kind == LAPSE and (in_grace or not is_unpaid):
        raise SubscriptionStateError(_("The card's days of grace are not over on %(on)s.") % {"on": on})
    if kind == LAPSE:
        refuse_open_payment(subscription.pk)

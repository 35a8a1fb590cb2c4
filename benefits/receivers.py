"""What happens to a member's card, tier or enrolment moves what follows their rights, in the same transaction."""

from datetime import date
from typing import Any

from django.utils import timezone

from benefits.services.grants import follow_rights
from memberships import signals
from memberships.models import Enrolment, Member, Subscription, TierChange
from operations.models import User


def follow_card(sender: Any, *, subscription: Subscription, on: date, actor: User | None, **_facts: Any) -> None:
    """A card began, was renewed, cancelled, resumed or refunded, or lapsed."""
    _follow(subscription.member_id, on=on, actor=actor)


def follow_tier(sender: Any, *, change: TierChange, on: date, actor: User | None, **_facts: Any) -> None:
    """A single wallet's tier changed."""
    _follow(change.member_id, on=on, actor=actor)


def follow_enrolment(sender: Any, *, enrolment: Enrolment, on: date, actor: User | None, **_facts: Any) -> None:
    """A wallet was opened."""
    _follow(enrolment.member_id, on=on, actor=actor)


def _follow(member_id: int, *, on: date, actor: User | None) -> None:
    # The signals say the business date, not the instant.
    follow_rights(Member(pk=member_id), on=on, at=timezone.now(), actor=actor)


def connect() -> None:
    """Called once, when Django starts."""
    of_cards = (
        signals.subscription_started, signals.subscription_renewed, signals.subscription_cancelled,
        signals.subscription_resumed, signals.subscription_lapsed, signals.subscription_refunded,
    )
    for signal in of_cards:
        signal.connect(follow_card, dispatch_uid="benefits.follow_card")
    signals.tier_changed.connect(follow_tier, dispatch_uid="benefits.follow_tier")
    signals.member_enrolled.connect(follow_enrolment, dispatch_uid="benefits.follow_enrolment")

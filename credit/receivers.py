"""What happens to a member's card moves the credit line that it carries, in the same transaction."""

from datetime import date
from typing import Any

from django.utils import timezone

from credit.services.lapses import follow_lines_of
from memberships import signals
from memberships.models import Subscription
from operations.models import User


def follow_card(sender: Any, *, subscription: Subscription, on: date, actor: User | None, **_facts: Any) -> None:
    """A card began, was renewed, cancelled, resumed or refunded, or lapsed."""
    # The signals say the business date, not the instant.
    follow_lines_of(subscription.member_id, subscription.programme_id, on=on, at=timezone.now(), actor=actor)


def connect() -> None:
    """Called once, when Django starts."""
    of_cards = (
        signals.subscription_started, signals.subscription_renewed, signals.subscription_cancelled,
        signals.subscription_resumed, signals.subscription_lapsed, signals.subscription_refunded,
    )
    for signal in of_cards:
        signal.connect(follow_card, dispatch_uid="credit.follow_card")

"""What happened to a membership. Sent inside the transaction: a receiver that raises takes the change back.

Each is sent by the model of its first argument, with the keyword arguments named here; `on` and `actor` are the
service's.
"""

from django.dispatch import Signal

#: subscription, term (its first), on, actor. The term may begin after `on`: see services.subscriptions.join.
#: A first term whose payment was resolved at night is told by the outbox alone.
subscription_started = Signal()

#: subscription, on, actor. Paid access goes on to the subscription's `ended_on`, the last day included.
subscription_cancelled = Signal()

#: subscription, on, actor. Its cancellation was taken back before it ended: it is renewed after its last paid day.
subscription_resumed = Signal()

#: subscription, term (the new one), on, actor. Sent for renewals by hand; the night's are told by the outbox alone.
subscription_renewed = Signal()

#: subscription, on, actor. It ended on its last day of grace. Sent for single cards, as above.
subscription_lapsed = Signal()

#: subscription, on, actor. Its last term was refunded; paid access goes on to its `ended_on`, the last day included.
subscription_refunded = Signal()

#: enrolment, on, actor. A wallet was opened, and stands on its first tiers. Of those of an import nobody is told.
member_enrolled = Signal()

#: change (a TierChange), on, actor. For changes of single wallets; of those of a night the outbox tells
#: alone.
tier_changed = Signal()

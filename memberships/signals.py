"""What happened to a membership. Sent inside the transaction: a receiver that raises takes the change back.

Each is sent by Subscription with the keyword arguments named here; `on` and `actor` are the service's.
"""

from django.dispatch import Signal

#: subscription, term (its first), on, actor. The term may begin after `on`: see services.subscriptions.join.
subscription_started = Signal()

#: subscription, on, actor. Paid access goes on to the subscription's `ended_on`, the last day included.
subscription_cancelled = Signal()

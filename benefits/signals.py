"""What happened to what members hold. Sent inside the transaction: a receiver that raises takes the change back.

For single members; of what a night does for many the outbox alone tells (grant.started, grant.changed, grant.ended).
"""

from django.dispatch import Signal

#: grant, on, actor. It was given: by a rule that gives it by itself, or as a gift.
benefit_granted = Signal()

#: grant, on, actor. It rests, goes on, was used or given back, or ended: its `state` says.
grant_changed = Signal()

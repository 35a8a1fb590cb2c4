"""Members of whom only the outbox told that their cards or tiers changed: their rights are followed soon after.

The outbox's messages are the list of what changed; those of the last minutes are looked at. Whoever is missed (more of
them than a tick takes, as in a night of renewals) is found by the night's job, which looks at everybody.
"""

from datetime import date, datetime, timedelta

from benefits.services import statements
from benefits.services.grants import follow_rights
from memberships.models import Member

#: What tells of a change without a signal (memberships/sql/payments/record_answers.sql, sql/lapses, sql/tiers).
TOPICS = ["subscription.started", "subscription.renewed", "subscription.lapsed", "payment.refunded", "tier.changed"]
#: Messages of so long ago are looked at: ticks may be missed meanwhile.
LOOK_BACK = timedelta(minutes=3)
#: As many members a tick takes at the most.
MOST = 100


def follow_told(*, on: date, at: datetime) -> int:
    """Follow the rights of members of whom messages told lately; how many had something to be given or ended."""
    told = statements.rows("grants/told", topics=TOPICS, since=at - LOOK_BACK, most=MOST)
    return sum(1 for (member,) in told if follow_rights(Member(pk=member), on=on, at=at, actor=None))

"""What becomes of a line when its card ends, is renewed or replaced: one line, or all of a range.

From the lapse nothing new is drawn, by the facts of the card and before any night has run (`card_stops`); what is open
stays due. A card of the programme that is held again within `lapse.reinstate_days` of the policy restores the line. One
that is not closes once nothing is open or authorised and those days are over. What is to be done about a line is told
once, by the SQL function credit_lines_to_follow (sql/lapses/).
"""

from datetime import date, datetime
from typing import Literal, cast

from django.db import connection, transaction
from django.utils.translation import gettext as _

from credit.models import CreditLine
from credit.services import statements
from memberships.services.ranges import EVERYTHING, KeyRange, SizedRange, mark_items
from operations.audit import attach_context, because
from operations.models import JobRun, User

Stop = Literal["over", "too_late", "in_grace"]


def card_stops(line: CreditLine, *, on: date) -> Stop | None:
    """Why the line's card lets nothing be drawn on a day, by its facts; None: it does not."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT credit_card_stops(%s, %s)", [line.pk, on])
        (stop,) = cursor.fetchone()
    return cast("Stop | None", stop)


def lines_to_follow(*, on: date, size: int) -> list[SizedRange]:
    """Ranges of ids with `size` lines each that do not stand as their cards do."""
    return [SizedRange(*found) for found in statements.rows("lapses/ranges", size=size, on=on, **EVERYTHING._asdict())]


def foresee_follow(run: JobRun, keys: KeyRange) -> int:
    """Write a RunItem for each line of a range that something would be done about; how many."""
    return statements.run("lapses/foresee", run=run.pk, on=run.business_date, **keys._asdict())


@transaction.atomic
def follow_cards(
    keys: KeyRange, *, on: date, at: datetime, actor: User | None, approved: JobRun | None = None
) -> dict[int, str]:
    """Make the range's lines stand as their cards do; by line, what happened: lapse, restore, move, close.

    Locks members, then lines, each in key order. Of an approved dry run, only what it lists and finds as it was.
    """
    statements.rows("lapses/lock_members", on=on, **keys._asdict())
    statements.rows("lapses/lock_lines", on=on, **keys._asdict())
    with because(_("the card of the line")):
        attach_context()
        followed = dict(statements.rows(
            "lapses/follow", on=on, at=at, actor=actor and actor.pk, approved=approved and approved.pk,
            reason=_("The card gives less credit than the one before."), **keys._asdict(),
        ))
    mark_items(approved, keys, done=followed)
    return followed


def follow_lines_of(
    member_id: int, programme_id: int, *, on: date, at: datetime, actor: User | None
) -> dict[int, str]:
    """The same for the lines of one member in a programme: something happened to a card."""
    done: dict[int, str] = {}
    lines = CreditLine.objects.not_closed().filter(member=member_id, programme=programme_id)
    for key in lines.order_by("pk").values_list("pk", flat=True):
        done |= follow_cards(KeyRange(key, key), on=on, at=at, actor=actor)
    return done

"""What becomes of a line when its card ends, is renewed or replaced: one line, or all of a range.

From the lapse nothing new is drawn, by the facts of the card and before any night has run (`card_stops`); what is open
stays due. A card of the programme that is held again within `lapse.reinstate_days` of the policy restores the line. One
that is not closes once nothing is open or authorised and those days are over. What is to be done about a line is told
once, by the SQL function credit_lines_to_follow (sql/lapses/).
"""

import json
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Literal, cast

from django.db import connection, transaction
from django.utils.translation import gettext as _
from psycopg.types.json import Jsonb

from credit.errors import NoCreditOfferError
from credit.models import CreditLine
from credit.services import statements
from credit.services.line_terms import longest_term
from credit.services.policies import offer_of
from credit.terms.checks import longest_days
from memberships.models import Plan
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
    locked = [line for (line,) in statements.rows("lapses/lock_lines", on=on, **keys._asdict())]
    with because(_("the card of the line")):
        attach_context()
        followed = dict(statements.rows(
            "lapses/follow", on=on, at=at, actor=actor and actor.pk, approved=approved and approved.pk,
            reason=_("The card gives less credit than the one before."),
            too_long=Jsonb(_rules_too_long(locked, on=on)), **keys._asdict(),
        ))
    mark_items(approved, keys, done=followed)
    return followed


def _rules_too_long(lines: Sequence[int], *, on: date) -> list[dict[str, Any]]:
    """Of the term rules agreed for lines those with longer terms than a plan of the firm's other cards gives, and the
    rule of the plan's offer: {"plan_id", "terms", "offered"}."""
    agreed = [(plan, json.loads(terms)) for plan, terms in statements.rows("lapses/agreed_terms", lines=list(lines))]
    plans, found = Plan.objects.in_bulk({plan for plan, _terms in agreed}), []
    for plan, terms in agreed:
        try:
            offer = offer_of(plans[plan], on=on)
        except NoCreditOfferError:
            # It carries no line.
            continue
        if longest_days(terms) > longest_term(plans[plan], offer):
            found.append({"plan_id": plan, "terms": terms, "offered": offer.terms})
    return found


def follow_lines_of(
    member_id: int, programme_id: int, *, on: date, at: datetime, actor: User | None
) -> dict[int, str]:
    """The same for the lines of one member in a programme: something happened to a card."""
    done: dict[int, str] = {}
    lines = CreditLine.objects.not_closed().filter(member=member_id, programme=programme_id)
    for key in lines.order_by("pk").values_list("pk", flat=True):
        done |= follow_cards(KeyRange(key, key), on=on, at=at, actor=actor)
    return done

"""Books that somebody tampered with, past every trigger and foreign key, and what the audit says of them."""

from datetime import date, datetime
from typing import Any

from django.db import connection

from memberships.models import Payment, Subscription
from memberships.services.renewals import renew_subscription
from operations import registry
from operations.services.books import Difference, audit_books, period_until
from tests.gateway import GatewayForTests
from tests.memberships.factories import a_card, an_annual_card
from tests.memberships.night_stories import at_night

JOINED = date(2027, 1, 15)
#: The eve of the card's last paid day, on which the night renews it.
EVE = date(2028, 1, 13)


def behind_the_back(statement: str, *parameters: Any) -> None:
    """Write as a broken disk or a bold administrator would: no trigger fires, no foreign key is looked at."""
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(statement, parameters)
        assert cursor.rowcount > 0, "nothing was tampered with"
        cursor.execute("SET session_replication_role = origin")


def differences(
    *checks: str, on: date = EVE, since: date | None = None, at: datetime | None = None
) -> list[Difference]:
    """What the audit of a date finds, in these checks or in those of all tables."""
    found: list[Difference] = []
    results = audit_books(
        period_until(on, at=at or at_night(on), since=since), tell=found.append, report=lambda audited, total: None
    )
    assert [audited.error for audited in results if audited.error] == []
    wanted = checks or [check.name for check in registry.book_checks if not check.name.startswith("gateway")]
    return [difference for difference in found if difference.check in wanted]


def faults(*checks: str, **when: Any) -> set[tuple[str, str]]:
    """(fault, key) of what the audit finds."""
    return {(found.fault, found.key) for found in differences(*checks, **when)}


def a_renewed_card(
    gateway: GatewayForTests, token: str = "tok_ok", *, on: date = EVE, **plan: Any
) -> tuple[Subscription, Payment]:
    """A card that was sold at the desk a year ago and renewed by a charge on its eve, by both clocks."""
    gateway.set_clock(at_night(on))
    card = a_card(an_annual_card(**{"grace_days": 14, **plan}), token, on=JOINED)
    payment = renew_subscription(card, on=on, at=at_night(on), actor=None)
    return card, payment

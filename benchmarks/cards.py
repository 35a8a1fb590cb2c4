"""Cards for a night, any number of them, by one statement: members, agreements with a gateway, cards and terms."""

from datetime import date
from decimal import Decimal
from pathlib import Path

from django.db import connection, transaction

from benchmarks.figures import BenchmarkError
from memberships.models import Plan, Programme, Subscription
from memberships.models.programmes import Audience

SQL = Path(__file__).resolve().parent / "sql" / "make_cards.sql"
#: Terms of the plans in months, and their prices.
PRICES = {1: Decimal("15.00"), 3: Decimal("40.00"), 12: Decimal("99.00")}


def make_plans(*, on: date) -> list[Plan]:
    """A programme for persons with a card for a month, a quarter and a year, each renewed a day before its end."""
    programme = Programme.objects.create(
        code="night", name="夜间演练", name_en="Night drill", audience=Audience.PERSON
    )
    return [
        Plan.objects.create(
            programme=programme, code=f"months-{months}", name=f"{months}个月卡", name_en=f"{months} months",
            price=price, term_months=months, grace_days=10, lead_days=1, on_sale_from=on.replace(year=on.year - 10),
        )
        for months, price in PRICES.items()
    ]


def make_cards(due: int, plans: list[Plan], *, on: date, gateway: str, tokens: list[str], every: int = 1) -> None:
    """`due` cards that are to be renewed on that day, and `every` - 1 times as many that are not.

    The tokens are taken in turn, each with a number of its own behind it. BenchmarkError when other cards are due.
    """
    parameters = {
        "cards": due * every, "every": every, "on": on, "gateway": gateway, "tokens": tokens,
        "plans": [plan.pk for plan in plans],
    }
    with transaction.atomic(), connection.cursor() as cursor:
        # Neither triggers nor foreign keys: a million rows in seconds, and the audit trail begins with the night.
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(SQL.read_text(encoding="utf-8"), parameters)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE)")
    found = Subscription.objects.due(on=on).count()
    if found != due:
        raise BenchmarkError(f"{found} cards are due instead of {due}.")

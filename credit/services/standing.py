"""Whether a firm reaches what its card's offer needs before credit is granted (sql/standing/standing.sql)."""

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from json import dumps
from typing import Any, NamedTuple

from django.db import connection
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from memberships.models import Subscription
from memberships.programme_files.schema import number_as_text


class Fact(NamedTuple):
    """Something that is needed, and what is there."""

    fact: str
    wanted: Decimal
    found: Decimal
    is_met: bool

    def as_json(self) -> dict[str, Any]:
        return {
            "fact": self.fact, "wanted": number_as_text(self.wanted), "found": number_as_text(self.found),
            "is_met": self.is_met,
        }


def standing_of(card: Subscription, needed: Mapping[str, Any], *, on: date) -> list[Fact]:
    """Each fact that is needed, in their order."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM credit_standing(%s, %s::jsonb, %s)", [card.pk, dumps(dict(needed)), on])
        return [Fact(*row) for row in cursor.fetchall()]


def lacking_in_words(facts: Iterable[Fact]) -> list[str]:
    """What is not reached, each by itself, with its figures."""
    words = {
        "member_days": _("a member for %(found)s days of %(wanted)s"),
        "card_days": _("the card for %(found)s days of %(wanted)s"),
        "spent": _("orders of %(found)s CNY of %(wanted)s"),
        "tier": _("on tier number %(found)s, of at least %(wanted)s"),
    }
    return [
        words[each.fact] % {"found": _figure(each.found), "wanted": _figure(each.wanted)}
        for each in facts if not each.is_met
    ]


def _figure(value: Decimal) -> str:
    if not value.is_finite():
        return "∞"
    text = number_as_text(value)
    return str(number_format(Decimal(text), decimal_pos=len(text.partition(".")[2])))

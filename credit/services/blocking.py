"""Would this order pass? Every rule that stops a draw on a credit line, with its figure and its threshold.

The rules are the policy's, with the line's exclusions (sql/draws/hindrances.sql); the limit stops always, and so does a
line that is over or suspended, whatever the policy names. Only what draws anew is asked: what an authorisation holds
already is captured although a rule came to stop since.

Days overdue are real ones here, paused or not: a pause stops reminders, overdue states and late fees. Whoever wants
draws to go on excludes the rule, which is weighed as a limit is.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple

from django.utils.formats import number_format
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from credit.errors import DrawError, DrawRefusedError, money
from credit.models import CreditLine
from credit.services import statements
from operations.models import JobRun, User

MOST = Decimal("999999999999.99")
#: What a line may be that stops its draws.
DETAILS: Mapping[str, str | Promise] = {
    "suspended": gettext_lazy("the line is suspended since %(since)s"),
    "closed": gettext_lazy("the line is closed since %(since)s"),
    "closing": gettext_lazy("the line is to be closed since %(since)s"),
    "lapsed": gettext_lazy("the line lapsed with its card on %(since)s"),
    "over": gettext_lazy("the card is over"),
    "too_late": gettext_lazy("the card was renewed too late to take the line up again"),
    "in_grace": gettext_lazy("the card is in its days of grace, in which nothing is drawn"),
}
#: What a figure is, beside its threshold.
FIGURES: Mapping[str, str | Promise] = {
    "overdue_days": gettext_lazy("%(figure)s days overdue, stopped from %(threshold)s on"),
    "overdue_state": gettext_lazy("%(figure)s days overdue, stopped from %(threshold)s on"),
    "overdue_amount": gettext_lazy("%(figure)s CNY overdue, stopped over %(threshold)s CNY"),
    "used_share": gettext_lazy("%(figure)s%% of the limit would be used, stopped over %(threshold)s%%"),
    "order_amount": gettext_lazy("an order of %(figure)s CNY, stopped over %(threshold)s CNY"),
    "review_overdue": gettext_lazy("the review is %(figure)s days overdue, stopped from %(threshold)s on"),
    "limit": gettext_lazy("%(figure)s CNY would be open and authorised, the limit is %(threshold)s CNY"),
}
NAMES: Mapping[str, str | Promise] = {
    "limit": gettext_lazy("Credit limit"), "status": gettext_lazy("Line suspended"),
    "expired_line": gettext_lazy("Line or card over"),
}


class Hindrance(NamedTuple):
    """A rule that stops a draw. `figure` and `threshold` are days, CNY or percent, as `kind` says; None of states."""

    code: str
    kind: str
    figure: Decimal | None
    threshold: Decimal | None
    detail: str | None
    since: date | None
    names: Mapping[str, str]

    @property
    def name(self) -> str:
        """Of the rule, in the language of the moment."""
        language = "zh" if (get_language() or "").startswith("zh") else "en"
        return self.names.get(language) or str(NAMES.get(self.kind, self.code))

    @property
    def words(self) -> str:
        """What was found, in the language of the moment."""
        if self.detail is not None:
            return str(DETAILS[self.detail]) % {"since": self.since}
        return str(FIGURES[self.kind]) % {"figure": self._said(self.figure), "threshold": self._said(self.threshold)}

    def _said(self, number: Decimal | None) -> str:
        if number is None:
            return "∞"
        if self.kind in ("overdue_amount", "order_amount", "limit"):
            return money(number)
        return number_format(number.normalize() if number % 1 else int(number))

    def __str__(self) -> str:
        return _("%(name)s (%(code)s): %(words)s") % {"name": self.name, "code": self.code, "words": self.words}


def would_pass(line: CreditLine, amount: Decimal, *, on: date) -> list[Hindrance]:
    """What would stop a draw of so much on that day, all of it; nothing: it would pass. Raises DrawError."""
    check_amount(amount)
    return [
        Hindrance(code, kind, figure, threshold, detail, since, json.loads(name) if name else {})
        for code, kind, figure, threshold, detail, since, name in statements.rows(
            "draws/hindering", line=line.pk, amount=amount, on=on
        )
    ]


def refuse_hindered(line: CreditLine, amount: Decimal, *, on: date, at: datetime) -> None:
    """Raises DrawRefusedError where something stops it. What the line, which is locked, held too long is let go of."""
    let_go_of_over([line.pk], on=on, at=at, actor=None)
    hindrances = would_pass(line, amount, on=on)
    if hindrances:
        raise DrawRefusedError(line, hindrances)


def let_go_of_over(
    lines: Sequence[int], *, on: date, at: datetime, actor: User | None, approved: JobRun | None = None
) -> list[int]:
    """Let go of what lines hold of authorisations that are over; those of which there was any. They are locked.

    Of an approved dry run, only lines that it lists and finds as they were. Again: nothing is left to let go of.
    """
    if not lines:
        return []
    found = statements.rows(
        "draws/expire", locked=list(lines), first=min(lines), last=max(lines), on=on, at=at, actor=actor and actor.pk,
        approved=approved and approved.pk,
    )
    return sorted({line for (line,) in found})


def check_amount(amount: Decimal) -> None:
    """DrawError unless it is an amount that can be drawn: more than nothing, in yuan and fen."""
    if not amount.is_finite() or not 0 < amount <= MOST or amount != round(amount, 2):
        raise DrawError(_("%(amount)s CNY is no amount to draw.") % {"amount": amount})

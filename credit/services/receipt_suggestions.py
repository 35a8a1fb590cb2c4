"""The work list of receipts that are nobody's: whose each may be, and why. Nothing is matched by a suggestion alone."""

import json
from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from django.utils.translation import gettext as _

from credit.masking import mask_account
from credit.models import CreditLine
from credit.services import statements


class Reason(NamedTuple):
    """Why a line is suggested: reference, account, amount or name, and the number or name that says so."""

    kind: str
    what: str

    def __str__(self) -> str:
        words = {
            "reference": _("the reference names invoice %(what)s"),
            "account": _("the account %(what)s paid for it before"),
            "amount": _("exactly as much is open of invoice %(what)s"),
            "name": _("the name is like %(what)s"),
        }
        return words[self.kind] % {"what": mask_account(self.what) if self.kind == "account" else self.what}


class Suggestion(NamedTuple):
    """A line whose payment it may be; the higher the score, the likelier."""

    line: CreditLine
    score: int
    reasons: list[Reason]


def suggest_owners(receipts: Iterable[int]) -> dict[int, list[Suggestion]]:
    """Of each receipt (by key) that is not matched, five lines at most, the likeliest first. Two queries for a page."""
    found = statements.rows("receipts/suggest", receipts=list(receipts))
    lines = CreditLine.objects.select_related("member__customer", "programme").in_bulk({row[1] for row in found})
    suggested: dict[int, list[Suggestion]] = defaultdict(list)
    for receipt, line, score, reasons in found:
        suggested[receipt].append(Suggestion(lines[line], score, [Reason(*reason) for reason in json.loads(reasons)]))
    return dict(suggested)

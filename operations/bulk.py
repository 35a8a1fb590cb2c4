"""What can be done to many records of a list at once: actions that any floor registers (`registry.bulk_actions`).

An action says of each record what would happen, or why not; services/bulk_changes.py keeps the choice, asks for an
approval where the sum takes two people, and has a job call `do` record by record: the same service that the record's
own page calls.
"""

from collections.abc import Collection, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Self

from django import forms
from django.db.models import Model
from django.utils.functional import Promise

from operations.models import User


@dataclass(frozen=True)
class Foreseen:
    """What would happen to a record: words, how much of it there is, and whether it can be done at all."""

    words: str
    amount: Decimal | None = None
    is_possible: bool = True


class BulkAction:
    """One thing that is done to many records of a list.

    What is registered is stateless; `with_given` makes one for a choice of which more is to be known than its records.
    """

    name: str
    label: str | Promise
    #: Whose list offers it.
    model: type[Model]
    #: Who may ("app.codename").
    permission: str
    #: What `Foreseen.amount` counts, in words.
    unit: str | Promise = ""
    #: Decimal places of what is counted; those of money, unless said otherwise.
    places = 2
    #: The approval action whose limits the sum of all rows is compared with; "": the single action has none either.
    limit = ""
    #: What is said beside the button.
    note: str | Promise = ""
    #: Whether `form` asks for something, once for all records, before they are looked at.
    asks = False
    #: What was answered, as it is kept: JSON values only, and a "key" that no other choice has.
    given: Mapping[str, Any] = {}

    @property
    def written(self) -> str:
        """How amounts are written, as the filter floatformat takes it."""
        return f"{self.places}g"

    def with_given(self, given: Mapping[str, Any]) -> Self:
        """The same for a choice of which this is known."""
        action = copy(self)
        action.given = given
        return action

    def form(self, records: Sequence[Any], data: Any, *, on: date) -> forms.Form:
        """What is asked once for all records."""
        raise NotImplementedError

    def kept(self, answered: Mapping[str, Any]) -> dict[str, Any]:
        """What is kept of the cleaned answers of `form`."""
        raise NotImplementedError

    def given_in_words(self) -> list[tuple[str, str]]:
        """What was answered, for the page and for who approves it."""
        return []

    def weigh(self, amount: Decimal) -> Decimal | None:
        """What is compared with the limit, where that is not the sum itself; None: it takes two people."""
        return amount

    def records(self, keys: Collection[int]) -> Sequence[Any]:
        """The records of these keys with all that the methods below need; in a fixed number of queries."""
        raise NotImplementedError

    def title(self, record: Any) -> str:
        """Which record it is; personal data masked."""
        raise NotImplementedError

    def foresee(self, record: Any, *, on: date) -> Foreseen:
        """What would happen to it on a day, without a query."""
        raise NotImplementedError

    def seen(self, record: Any) -> str:
        """What the preview rests on (at most 200 characters): another value means that the record has changed."""
        raise NotImplementedError

    def do(self, record: Any, *, on: date, at: datetime, actor: User, checker: User | None, reason: str) -> str:
        """Call the service, outside any transaction; what came of it, in words. A PlusdeskError says why not."""
        raise NotImplementedError

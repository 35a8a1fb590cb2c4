"""Checks that compare tables of ours with each other, a range of keys at a time."""

import re
from collections.abc import Iterable, Iterator
from types import ModuleType

from django.db.models import Model
from django.urls import reverse

from memberships.models import Member
from memberships.services import statements
from operations.services.books import BookCheck, Difference, KeyRange, Period, ranges_of


def page_of(model: type[Model], key: str) -> str:
    """The page of the record whose key is the number that `key` begins with."""
    number = re.match("[0-9]{1,18}", key)
    return reverse(f"admin:memberships_{model._meta.model_name}_change", args=[number[0]]) if number else ""


class TableCheck(BookCheck):
    """For each of its `faults` a statement of that name, over ranges of the keys of `model`."""

    model: type[Model]
    #: Whose sql/books/ has them; a floor above names its own.
    sql: ModuleType = statements
    #: Whose page shows the record, by the number that its key begins with; None: the member's.
    page: type[Model] | None = None
    #: Keys in a range.
    step = 20_000

    def ranges(self, period: Period) -> Iterable[KeyRange]:
        return ranges_of(self.model, step=self.step)

    def differences(self, keys: KeyRange, period: Period) -> Iterator[Difference]:
        parameters = {"first": keys.first, "last": keys.last, **self.parameters(period)}
        for fault in self.faults:
            for key, owner, expected, found in self.sql.rows(f"books/{fault}", **parameters):
                yield Difference(self.name, fault, str(key), owner, str(expected), str(found))

    def page_of(self, fault: str, key: str, owner: int | None) -> str:
        return page_of(self.page, key) if self.page else page_of(Member, str(owner))

    def parameters(self, period: Period) -> dict[str, object]:
        """What the statements need to know besides the range."""
        return {}

"""Checks that compare tables of ours with each other, a range of keys at a time."""

from collections.abc import Iterable, Iterator

from django.db.models import Model

from memberships.services import statements
from operations.services.books import BookCheck, Difference, KeyRange, Period, ranges_of


class TableCheck(BookCheck):
    """For each of its `faults` a statement of that name, over ranges of the keys of `model`."""

    model: type[Model]
    #: Keys in a range.
    step = 20_000

    def ranges(self, period: Period) -> Iterable[KeyRange]:
        return ranges_of(self.model, step=self.step)

    def differences(self, keys: KeyRange, period: Period) -> Iterator[Difference]:
        parameters = {"first": keys.first, "last": keys.last, **self.parameters(period)}
        for fault in self.faults:
            for key, owner, expected, found in statements.rows(f"books/{fault}", **parameters):
                yield Difference(self.name, fault, str(key), owner, str(expected), str(found))

    def parameters(self, period: Period) -> dict[str, object]:
        """What the statements need to know besides the range."""
        return {}

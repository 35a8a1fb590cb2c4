"""The books, audited: what is kept twice is compared, and every difference is named.

A check is registered by its floor (`operations.registry.book_checks`). It says which ranges of keys it looks at and
which differences there are in one; both are set-based and read only. The command runs the checks one after the other,
the nightly job a range at a time. Each statement sees one moment of the database, so that work going on beside an
audit is no difference.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple

from django.conf import settings
from django.db.models import Count, F, Max, Min, Model
from django.utils.functional import Promise

from operations import registry
from operations.errors import PlusdeskError

DAY = timedelta(days=1)


class Period(NamedTuple):
    """The business dates whose money is compared with the outside world's books, both included; `at` is now.

    `is_whole`: also look at what was proved once and should stay so, of all dates there are.
    """

    since: date
    on: date
    at: datetime
    is_whole: bool = False


class KeyRange(NamedTuple):
    """A range of keys, both ends included, and how many things are in it."""

    first: int
    last: int
    size: int


@dataclass(frozen=True, slots=True)
class Difference:
    """Two books that do not agree: which check found it, what is wrong (a key of the check's `faults`), and where.

    `key` is the record's key, or what the outside world knows it by; `owner` its member. A pending one may still come
    right: it is named, and not counted.
    """

    check: str
    fault: str
    key: str
    owner: int | None
    expected: str
    found: str
    is_pending: bool = False


class BookCheck:
    """One kind of thing that is compared. Subclasses are registered by name."""

    name: str
    #: What is looked at, in words: "points wallets".
    label: str | Promise
    #: What may be wrong, in words.
    faults: Mapping[str, str | Promise]
    #: Codes that stand in `expected` and `found`, in words.
    values: Mapping[str, str | Promise] = {}

    def ranges(self, period: Period) -> Iterable[KeyRange]:
        """What is to be looked at, in ranges that take a second or so each."""
        raise NotImplementedError

    def differences(self, keys: KeyRange, period: Period) -> Iterable[Difference]:
        """The differences in a range. Outside any transaction: it may ask the outside world (PlusdeskError)."""
        raise NotImplementedError

    def in_words(self, value: str) -> str:
        """What was expected or found, as a person reads it."""
        return " ".join(str(self.values.get(word, word)) for word in value.split(" "))

    def page_of(self, fault: str, key: str, owner: int | None) -> str:
        """The address of the desk's page that shows the record of a difference; blank when there is none."""
        return ""


@dataclass
class Audited:
    """What a check came to. `error`: why it could not be ended, in words; blank when it was."""

    check: BookCheck
    looked_at: int = 0
    differences: int = 0
    pending: int = 0
    error: str = ""

    @property
    def is_clean(self) -> bool:
        return not (self.differences or self.error)


def period_until(on: date, *, at: datetime, since: date | None = None, is_whole: bool = False) -> Period:
    """The last days up to a business date, or those since another."""
    return Period(since or on - (settings.AUDIT_DAYS - 1) * DAY, on, at, is_whole)


def audit_books(
    period: Period, *, tell: Callable[[Difference], None], report: Callable[[Audited, int], None]
) -> list[Audited]:
    """Run all checks to their end; `tell` hears of each difference, `report` after each range of how much there is."""
    return [_audit(check, period, tell=tell, report=report) for check in registry.book_checks]


def _audit(
    check: BookCheck, period: Period, *, tell: Callable[[Difference], None], report: Callable[[Audited, int], None]
) -> Audited:
    audited = Audited(check)
    try:
        ranges = list(check.ranges(period))
        total = sum(keys.size for keys in ranges)
        for keys in ranges:
            for difference in check.differences(keys, period):
                audited.pending += difference.is_pending
                audited.differences += not difference.is_pending
                tell(difference)
            audited.looked_at += keys.size
            report(audited, total)
    except PlusdeskError as error:
        audited.error = str(error)
    return audited


def ranges_of(model: type[Model], *, step: int) -> list[KeyRange]:
    """All rows of a table, in ranges that span `step` keys. Reads the primary key's index."""
    blocks = (
        model._default_manager.values(block=F("pk") / step)
        .annotate(first=Min("pk"), last=Max("pk"), size=Count("pk"))
        .order_by("block")
    )
    return [KeyRange(found["first"], found["last"], found["size"]) for found in blocks]

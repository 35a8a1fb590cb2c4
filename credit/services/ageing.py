"""The ageing of what is owed, on any day: in total, by province, industry and customer, down to the invoices.

What was open at the end of a day is what is open now and what was reduced since (sql/ageing/open_on.sql). Buckets go by
the days since the due day, whatever was paused. Province and industry are those of today.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from django.db.models import IntegerChoices
from django.utils.translation import gettext_lazy as _

from credit.models import CreditLine, Invoice
from credit.services import statements
from memberships.models import Member, Programme

ZERO = Decimal(0)


class Bucket(IntegerChoices):
    """By days after the due day."""

    CURRENT = 0, _("current")
    TO_30 = 1, _("1–30 days")
    TO_60 = 2, _("31–60 days")
    TO_90 = 3, _("61–90 days")
    OVER_90 = 4, _("over 90 days")


class Aged(NamedTuple):
    """An amount in all (CNY) and by buckets, in their order."""

    total: Decimal = ZERO
    buckets: tuple[Decimal, ...] = (ZERO,) * len(Bucket)

    @property
    def overdue(self) -> Decimal:
        """All but what is current."""
        return self.total - self.buckets[Bucket.CURRENT]


class Group(NamedTuple):
    """A province, an industry, or all: its name as it is written ("" where a firm has none), and how many customers."""

    name: str
    customers: int
    aged: Aged


class AgedCustomer(NamedTuple):
    """A customer, by key, number and legal name."""

    member_id: int
    name: str
    aged: Aged

    @property
    def number(self) -> str:
        """The member number that people read."""
        return Member(pk=self.member_id).number


class AgedInvoice(NamedTuple):
    """An invoice that was open on a day; `open` is what was."""

    pk: int
    number: str
    kind: Invoice.Kind
    invoiced_on: date
    due_on: date
    amount: Decimal
    open: Decimal
    bucket: Bucket


@dataclass(frozen=True)
class AgeingReport:
    """The ageing at the end of a day; provinces, industries and customers that owe most first."""

    on: date
    total: Group
    provinces: list[Group]
    industries: list[Group]
    #: The first page; `customers_of` has the next ones.
    customers: list[AgedCustomer]


def ageing_report(*, on: date, programme: Programme | None = None, customers: int = 50) -> AgeingReport:
    """The report of a day, with its first customers, by one statement."""
    found = statements.rows("ageing/report", on=on, programme=programme and programme.pk, size=customers)
    groups: dict[str, list[Group]] = {"total": [], "province": [], "industry": []}
    top = []
    for kind, member, name, count, *fens in found:
        if kind == "customer":
            top.append(AgedCustomer(member, name, _aged(fens)))
        else:
            groups[kind].append(Group(name, count, _aged(fens)))
    (total,) = groups["total"]
    return AgeingReport(on, total, groups["province"], groups["industry"], top)


def customers_of(
    *, on: date, programme: Programme | None = None, province: str | None = None, industry: str | None = None,
    bucket: Bucket | None = None, after: tuple[Decimal, int] | None = None, size: int = 50,
) -> list[AgedCustomer]:
    """Customers of a day's ageing who owe most first, in a bucket or in all.

    `after` is the amount (of the bucket, or the total) and the key of the last one of the page before.
    """
    amount, member = after or (None, None)
    found = statements.rows(
        "ageing/customers", on=on, programme=programme and programme.pk, province=province, industry=industry,
        bucket=bucket, after_fen=None if amount is None else int(amount * 100), after_member=member, size=size,
    )
    return [AgedCustomer(key, name, _aged(fens)) for key, name, *fens in found]


def invoices_of(
    lines: Iterable[CreditLine], *, on: date, bucket: Bucket | None = None, after: tuple[date, int] | None = None,
    size: int = 50,
) -> list[AgedInvoice]:
    """Invoices of some lines, one customer's perhaps, that were open on a day; the oldest due first.

    `after` is the due day and the key of the last one of the page before.
    """
    due_on, key = after or (None, None)
    found = statements.rows(
        "ageing/invoices", on=on, lines=[line.pk for line in lines], bucket=bucket, after_due=due_on, after_id=key,
        size=size,
    )
    return [
        AgedInvoice(pk, number, Invoice.Kind(kind), invoiced_on, due, amount, left, Bucket(place))
        for pk, number, kind, invoiced_on, due, amount, left, place in found
    ]


def ageing_of(lines: Iterable[CreditLine], *, on: date) -> Aged:
    """The ageing of some lines on a day."""
    buckets = [ZERO] * len(Bucket)
    for place, amount in statements.rows("ageing/line", on=on, lines=[line.pk for line in lines]):
        buckets[place] = amount
    return Aged(sum(buckets, ZERO), tuple(buckets))


def _aged(fens: list[int]) -> Aged:
    """Of a total and its buckets in fen."""
    total, *buckets = (Decimal(fen) / 100 for fen in fens)
    return Aged(total, tuple(buckets))

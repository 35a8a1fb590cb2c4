"""What the stories of points share: wallets, their changes in few words, and the books they must add up to."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, time
from itertools import count
from threading import Barrier
from typing import Any

from django.db import connection
from django.db.models import Q, Sum

from memberships.dates import BUSINESS_ZONE
from memberships.models import Enrolment, LotDraw, Member, PointsEntry, PointsLot, PointsPolicy, Programme
from memberships.services.enrolments import enrol_member
from memberships.services.points import earn_points, spend_points
from memberships.services.points_expiry import Expired, expire_enrolment
from memberships.services.points_posting import Posted, post_enrolment
from memberships.services.points_reversal import Reversal, reverse_entry
from operations.errors import PlusdeskError
from tests.memberships.factories import TODAY, a_person, jd_plus

MARCH, JUNE, DECEMBER = date(2027, 3, 1), date(2027, 6, 1), date(2027, 12, 1)
#: A test that gives its own number says "order:1"; this one would be it in whatever test came first.
_keys = count(1001)


def morning(day: date) -> datetime:
    """Nine o'clock in Shanghai."""
    return datetime.combine(day, time(9), BUSINESS_ZONE)


def a_wallet(member: Member | None = None, programme: Programme | None = None) -> Enrolment:
    """Li Lei's wallet in JD PLUS."""
    programme = programme or Programme.objects.filter(code="jd-plus").first() or jd_plus()
    return enrol_member(member or a_person(), programme, on=TODAY, at=morning(TODAY), actor=None)


def earn(
    wallet: Enrolment, points: int, *, expires_on: date | None = None, on: date = TODAY, key: str = "",
    qualifying: int = 0, pending_until: date | None = None,
) -> PointsEntry:
    return earn_points(
        wallet, points, key=key or a_key(), expires_on=expires_on, on=on, at=morning(on), actor=None,
        qualifying=qualifying, pending_until=pending_until,
    )


def spend(wallet: Enrolment, points: int, *, on: date = TODAY, key: str = "") -> PointsEntry:
    return spend_points(wallet, points, key=key or a_key(), on=on, at=morning(on), actor=None)


def reverse(entry: PointsEntry, *, on: date = TODAY, key: str = "", **part: int) -> Reversal:
    """All that is left, or a part: `points`, `qualifying`."""
    return reverse_entry(entry, key=key or a_key(), on=on, at=morning(on), actor=None, **part)


def expire(wallet: Enrolment, *, on: date) -> Expired:
    return expire_enrolment(wallet, on=on, at=morning(on), actor=None)


def post(wallet: Enrolment, *, on: date) -> Posted:
    return post_enrolment(wallet, on=on, at=morning(on), actor=None)


def a_key() -> str:
    """The number of an order that nobody had before."""
    return f"order:{next(_keys)}"


def by_policy(programme: Programme, **facts: Any) -> Programme:
    """The programme, with a points policy."""
    PointsPolicy.objects.update_or_create(programme=programme, defaults=facts)
    return programme


def balance(wallet: Enrolment) -> int:
    return Enrolment.objects.get(pk=wallet.pk).balance


def pending(wallet: Enrolment) -> int:
    return Enrolment.objects.get(pk=wallet.pk).pending


def debt(wallet: Enrolment) -> int:
    return Enrolment.objects.get(pk=wallet.pk).debt


def lots_left(wallet: Enrolment) -> list[int]:
    """What the lots' rows say is not spent, in the order in which the lots were earned."""
    return list(PointsLot.objects.filter(enrolment=wallet).order_by("pk").values_list("remaining", flat=True))


def draws(entry: PointsEntry) -> list[tuple[int, int]]:
    """(points of the lot, points drawn), in the order in which the lots were earned."""
    return list(LotDraw.objects.filter(entry=entry).order_by("lot").values_list("lot__points", "points"))


def entries(wallet: Enrolment) -> list[tuple[str, int, date]]:
    """(kind, points, business date) in the order of booking."""
    return list(PointsEntry.objects.filter(enrolment=wallet).order_by("pk").values_list("kind", "points", "on"))


def accounts(entry: PointsEntry) -> str:
    entry.refresh_from_db()
    return f"{entry.debit} to {entry.credit}"


def assert_books_balance(*wallets: Enrolment) -> None:
    """The equations of models/points.py, over these wallets, or all."""
    pks = [wallet.pk for wallet in wallets] or Enrolment.objects.values("pk")
    for lot in PointsLot.objects.filter(enrolment__in=pks).annotate(drawn=Sum("draws__points", default=0)):
        assert lot.remaining == lot.points - lot.drawn
    for wallet in Enrolment.objects.filter(pk__in=pks):
        entries = PointsEntry.objects.filter(enrolment=wallet)
        lots = PointsLot.objects.filter(enrolment=wallet)
        waits, expired = Q(pending_until__isnull=False), _sum(entries.filter(kind=PointsEntry.Kind.EXPIRE))
        assert wallet.balance == _sum(entries.filter(Q(debit="liability") | Q(credit="liability")))
        assert wallet.balance == _remaining(lots.exclude(waits)) + expired - wallet.debt
        assert wallet.pending == _sum(entries.filter(Q(debit="pending") | Q(credit="pending")).exclude(kind="post")) - (
            _sum(entries.filter(kind="post"))
        )
        assert wallet.pending == _remaining(lots.filter(waits))
        taking = entries.filter(Q(kind="spend") | Q(kind__in=["reverse", "adjust"], points__lt=0))
        owed = [-entry.points - entry.drawn for entry in taking.annotate(drawn=Sum("draws__points", default=0))]
        assert wallet.debt == sum(owed) and all(points >= 0 for points in owed)


def _remaining(lots: Any) -> int:
    total: int = lots.aggregate(total=Sum("remaining", default=0))["total"]
    return total


def _sum(entries: Any) -> int:
    total: int = entries.aggregate(total=Sum("points", default=0))["total"]
    return total


def at_once(*calls: Callable[[], Any]) -> list[Any]:
    """The results, or the errors of ours, of calls made in the same moment, each on a connection of its own."""
    start = Barrier(len(calls))

    def run(call: Callable[[], Any]) -> Any:
        try:
            start.wait(timeout=10)
            return call()
        except PlusdeskError as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))

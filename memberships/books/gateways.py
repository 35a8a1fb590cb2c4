"""Our payments and refunds against a gateway's own list of money moved."""

from collections.abc import Iterable, Iterator
from datetime import timedelta
from itertools import islice

from django.db import connection
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from memberships.books.tables import page_of
from memberships.gateways import GatewayRecord, get_gateway
from memberships.models import Payment, PaymentMethod
from memberships.services import statements
from operations.dates import day_begins
from operations.services.books import DAY, BookCheck, Difference, KeyRange, Period

#: Records of the gateway's list that are kept at a time.
PAGE = 5_000
#: An open payment or refund that the gateway has carried out is pending so long: it is asked about every minute.
PATIENCE = timedelta(hours=1)


class GatewayList(BookCheck):
    """One gateway. What it lists is known by key, whenever it was; what we booked is looked for in its list.

    The list is asked for a day beyond the period on either side, since clocks differ. Of our books, what was asked for
    and answered within the period and before the list was read has to be on it. A gateway that no member has an
    agreement with is not asked.
    """

    faults = {
        "charged_unasked": _("the gateway took money that nobody asked for"),
        "charged_not_booked": _("the gateway took the money, and the payment says that it did not"),
        "charged_twice": _("the gateway took the money twice"),
        "charged_open": _("the gateway took the money, and the payment is not resolved yet"),
        "charged_other_amount": _("the gateway took another amount"),
        "charge_missing": _("the payment succeeded, and the gateway did not take the money"),
        "refunded_unasked": _("the gateway gave money back that nobody asked for"),
        "refunded_not_booked": _("the gateway gave the money back, and the refund says that it did not"),
        "refunded_twice": _("the gateway gave the money back twice"),
        "refunded_open": _("the gateway gave the money back, and the refund is not resolved yet"),
        "refunded_other_amount": _("the gateway gave another amount back"),
        "refund_missing": _("the refund succeeded, and the gateway did not give the money back"),
    }

    values = dict(Payment.State.choices)

    def __init__(self, gateway: str) -> None:
        self.gateway = gateway
        self.name = f"gateway-{gateway}"
        self.label = format_lazy(_("charges and refunds of the gateway “{gateway}”"), gateway=gateway)

    def ranges(self, period: Period) -> Iterable[KeyRange]:
        """The period as one range (dates as numbers), and how much we say was moved in it."""
        if not PaymentMethod.objects.filter(gateway=self.gateway).exists():
            return []
        ((moved,),) = statements.rows("books/gateway_moved", **self._span(period))
        return [KeyRange(_number(period.since), _number(period.on), moved)]

    def differences(self, keys: KeyRange, period: Period) -> Iterator[Difference]:
        """Raises GatewayUnreachableError, UnknownNameError."""
        statements.run("books/gateway_records")
        records = get_gateway(self.gateway).list_records(first=period.since - DAY, last=period.on + DAY)
        while page := list(islice(records, PAGE)):
            _keep(page)
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE book_gateway_record")
        wait = {"at": period.at, "patience": PATIENCE}
        for name, parameters in (
            ("gateway_charges", wait), ("gateway_refunds", wait), ("gateway_missing", self._span(period)),
        ):
            for fault, key, owner, expected, found, is_pending in statements.rows(f"books/{name}", **parameters):
                yield Difference(self.name, fault, key, owner, expected, found, is_pending)

    def page_of(self, fault: str, key: str, owner: int | None) -> str:
        return "" if fault in ("charged_unasked", "refunded_unasked") else page_of(Payment, key)

    def _span(self, period: Period) -> dict[str, object]:
        """From the first midnight of the period to its last, or to now if that is earlier."""
        begin, end = (day_begins(day) for day in (period.since, period.on + DAY))
        return {"gateway": self.gateway, "begin": begin, "end": min(end, period.at)}


def _number(day: object) -> int:
    """2027-01-15 as 20270115."""
    return int(str(day).replace("-", ""))


def _keep(page: list[GatewayRecord]) -> None:
    statements.run(
        "books/gateway_add", keys=[record.key for record in page], amounts=[record.amount for record in page]
    )

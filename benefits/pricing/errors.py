"""Why an order has no price."""

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from operations.errors import PlusdeskError

if TYPE_CHECKING:
    from memberships.models import Programme


class QuoteError(PlusdeskError):
    """No price can be given for what was asked."""


class EmptyOrderError(QuoteError):
    """The order has no lines."""

    def __init__(self) -> None:
        super().__init__(_("The order has no lines: there is nothing to price."))


class OrderLineError(QuoteError):
    """A line of the order cannot be priced. `line` is its key."""

    def __init__(self, line: str, words: str | Promise) -> None:
        self.line = line
        super().__init__(_("Line “%(line)s”: %(words)s") % {"line": line, "words": words})


class NegativePriceError(OrderLineError):
    """A price, or the freight, is below zero."""

    def __init__(self, line: str, amount: Decimal) -> None:
        super().__init__(line, _("%(amount)s is below zero.") % {"amount": amount})


class PriceDecimalsError(OrderLineError):
    """An amount is no number of fen: more than two decimals, none at all, or more than any order comes to."""

    def __init__(self, line: str, amount: object) -> None:
        super().__init__(line, _("%(amount)s is no amount in yuan and fen.") % {"amount": amount})


class QuantityError(OrderLineError):
    """A quantity is no whole number of pieces."""

    def __init__(self, line: str, quantity: object) -> None:
        super().__init__(line, _("%(quantity)s is no number of pieces.") % {"quantity": quantity})


class RepeatedLineError(OrderLineError):
    """Two lines of an order have the same key."""

    def __init__(self, line: str) -> None:
        super().__init__(line, _("There are two lines of this name."))


class CouponNotHeldError(QuoteError):
    """The member does not hold the coupon on that date, or has used it."""

    def __init__(self, coupon: str) -> None:
        super().__init__(_("The member does not hold the coupon “%(coupon)s” on that date.") % {"coupon": coupon})


class TooManyCombinationsError(QuoteError):
    """There are more ways to combine the benefits than can be compared."""

    def __init__(self) -> None:
        super().__init__(
            _("There are too many ways to combine these benefits: name the coupons that are to be used.")
        )


class NoPricingPolicyError(QuoteError):
    """The programme had no pricing policy on that date."""

    def __init__(self, programme: "Programme", *, on: date) -> None:
        super().__init__(
            _("“%(programme)s” has no pricing policy for %(on)s: its programme file says how prices are found.")
            % {"programme": programme, "on": on}
        )

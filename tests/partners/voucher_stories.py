"""What stories of voucher codes share: a cinema with a pool of codes, and members who redeem them."""

from datetime import date
from itertools import count
from typing import Any

from benefits.models import Benefit, Redemption
from benefits.services.redemptions import redeem
from memberships.models import Member
from operations.crypto import seal_many
from partners.models import Offer, Partner, VoucherCode
from partners.services.vouchers import hash_of
from tests.benefits.redemption_stories import a_coupon, a_member
from tests.memberships.points_stories import morning
from tests.partners.fulfilment_stories import LONG_AGO, NOON, TODAY, a_partner

__all__ = ["TODAY", "a_member"]
_numbers = count(1)


def a_cinema(*, low_stock: int = 0, quota: int | None = None) -> Offer:
    """Cinema tickets as codes: a coupon that every card holder may take, and the cinema's offer of it."""
    benefit: Benefit = a_coupon(quota)
    partner = Partner.objects.filter(code="cinema").first() or a_partner("cinema")
    return Offer.objects.create(
        partner=partner, benefit=benefit, sku="ticket-2027", mode=Offer.Mode.VOUCHERS, unit_cost="25.00",
        starts_on=LONG_AGO, low_stock=low_stock,
    )


def codes(offer: Offer, *texts: str, expires_on: date | None = None, **facts: Any) -> list[VoucherCode]:
    """A pool of these codes."""
    return VoucherCode.objects.bulk_create(
        VoucherCode(
            offer=offer, partner=offer.partner, code=sealed, code_hash=hash_of(text), ending=text[-4:],
            expires_on=expires_on, imported_at=NOON, **facts,
        )
        for text, sealed in zip(texts, seal_many(texts), strict=True)
    )


def many_codes(offer: Offer, number: int, **facts: Any) -> list[VoucherCode]:
    return codes(offer, *(f"CINE-{next(_numbers):08}" for _ in range(number)), **facts)


def take(member: Member, offer: Offer, *, on: date = TODAY, **facts: Any) -> Redemption:
    """The member redeems a ticket."""
    key = facts.pop("key", f"ticket:{next(_numbers)}")
    return redeem(member, offer.benefit, key=key, on=on, at=morning(on), actor=None, **facts)


def code_of(redemption: Redemption) -> VoucherCode:
    """The code that the member was given."""
    return VoucherCode.objects.get(fulfilment__grant__redemption=redemption)


def states(offer: Offer) -> list[str]:
    return list(VoucherCode.objects.filter(offer=offer).order_by("pk").values_list("state", flat=True))

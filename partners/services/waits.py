"""Coupons whose code is still to come: no price counts on them (benefits/waits.py)."""

from collections.abc import Collection, Iterable
from datetime import date

from partners.models import Fulfilment, Offer


class CodesToCome:
    """Grants for which an offer of codes had none yet."""

    name = "voucher codes"

    def find(self, grants: Collection[int], *, on: date) -> Iterable[int]:
        """One statement. Of a past day: those whose code came later, or never."""
        promised = Fulfilment.objects.filter(grant__in=grants, offer__mode=Offer.Mode.VOUCHERS)
        return promised.exclude(activated_on__lte=on).values_list("grant", flat=True)

"""What the box of the header finds of partners: voucher codes by their hash, fulfilments by either side's number."""

from typing import Any

from django.db.models import QuerySet

from operations.admin.finders import Finder, Found
from partners.admin.fulfilments import by_key, by_reference
from partners.admin.vouchers import by_code, by_number
from partners.models import Fulfilment, VoucherCode


class FindVoucherCodes(Finder):
    """Codes; only their endings are shown."""

    name = "voucher_codes"
    model = VoucherCode
    icon = "confirmation_number"
    kinds = (by_code(), by_number())

    def records(self) -> QuerySet[Any]:
        return VoucherCode.objects.select_related("partner", "offer__benefit", "fulfilment__member")

    def describe(self, record: VoucherCode) -> Found:
        owner = record.fulfilment.member.number if record.fulfilment else ""
        said = (str(record.offer.benefit), str(record.partner), record.get_state_display(), owner)
        return Found(str(record), " · ".join(filter(None, said)), self.page_of(record))


class FindFulfilments(Finder):
    """What a partner was asked to do."""

    name = "fulfilments"
    model = Fulfilment
    icon = "local_shipping"
    kinds = (by_key(), by_reference())

    def records(self) -> QuerySet[Any]:
        return Fulfilment.objects.select_related("partner", "offer__benefit", "member")

    def describe(self, record: Fulfilment) -> Found:
        said = (str(record.offer.benefit), str(record.partner), record.get_state_display(), record.member.number)
        return Found(record.key, " · ".join(said), self.page_of(record))


FINDERS = (FindVoucherCodes, FindFulfilments)

"""What the first page shows of credit: exposure and ageing."""

from datetime import date, datetime, timedelta

from django.utils.translation import gettext_lazy as _

from credit.services import statements
from credit.services.ageing import ageing_report
from memberships.rollups import by_programme
from operations.rollups import Measured, RollUp

FIGURES = ("lines", "limit", "open", "authorised", "unapplied", "overdue_lines", "overdue")


class Exposure(RollUp):
    """By programme: what its lines may owe, owe and hold. The scope "" has the ageing of all that is open."""

    name = "credit_exposure"
    label = _("credit exposure and ageing")
    after = ("age_invoices",)
    every = timedelta(hours=1)

    def measure(self, *, on: date, at: datetime) -> Measured:
        aged = ageing_report(on=on, customers=0).total
        buckets = {f"bucket_{place}": amount for place, amount in enumerate(aged.aged.buckets)}
        total = {"customers": aged.customers, "total": aged.aged.total, **buckets}
        return {"": total, **by_programme(FIGURES, statements.rows("rollups/exposure", on=on))}


ROLL_UPS = (Exposure,)

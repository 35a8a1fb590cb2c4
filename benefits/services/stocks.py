"""Stocks: how many units of a benefit there are to give. (They are taken and given back by services/redemptions.py.)

`total` counts all units since the beginning, what is taken included; it is never below what is taken. Every change
stands in the audit trail with its reason.
"""

from django.db import transaction
from django.db.models import Sum
from django.utils.translation import gettext as _

from benefits.errors import StockError
from benefits.models import Benefit, BenefitStock, Redemption
from operations.audit import because
from operations.models import User


@transaction.atomic
def set_total(benefit: Benefit, total: int, *, actor: User | None, reason: str) -> BenefitStock:
    """Say how many units there are in all, raised or lowered; from the first time on they are counted.

    What was taken before they were counted is taken. Setting the same again changes nothing. Raises StockError.
    """
    # Redemptions hold the benefit's key: those under way are waited for and counted, later ones wait until we are done.
    Benefit.objects.select_for_update().get(pk=benefit.pk)
    stock = BenefitStock.objects.select_for_update(no_key=True).filter(benefit=benefit).first()
    taken = units_used(benefit) if stock is None else stock.taken
    if total < taken:
        raise StockError(
            _("“%(benefit)s” cannot have %(total)s units: %(taken)s are taken.")
            % {"benefit": benefit, "total": total, "taken": taken}
        )
    with because(reason, actor=actor):
        if stock is None:
            return BenefitStock.objects.create(benefit=benefit, total=total, taken=taken)
        stock.total = total
        stock.save(update_fields=["total"])
    return stock


def units_used(benefit: Benefit) -> int:
    """Units that members used and did not give back, counted or not."""
    done = Redemption.objects.filter(benefit=benefit, state=Redemption.State.DONE)
    return int(done.aggregate(units=Sum("quantity", default=0))["units"])

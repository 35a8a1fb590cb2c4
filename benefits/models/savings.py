"""What benefits took off orders. Whatever else members get is a fact of its own already: redemptions, grants.

Both together are what value statements list (sql/values/lines.sql).
"""

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from benefits.models.benefits import Benefit
from memberships.models import Funder, Member
from operations.audit import by_instant, keep_whole


class OrderSaving(models.Model):
    """So much CNY a benefit took off an order of another system. A fact: it only grows.

    What goes back with a returned order follows from the order's returns (memberships.Order), in proportion.
    """

    member = models.ForeignKey(
        Member, models.PROTECT, related_name="order_savings", db_index=False, verbose_name=_("member")
    )
    benefit = models.ForeignKey(Benefit, models.PROTECT, related_name="+", db_index=False, verbose_name=_("benefit"))
    order_number = models.CharField(_("order number"), max_length=48)
    amount = models.DecimalField(_("saved (CNY)"), max_digits=14, decimal_places=2)
    # Who bore it on that day.
    funder = models.CharField(_("borne by"), max_length=16, choices=Funder)
    on = models.DateField(_("ordered on"))
    recorded_at = models.DateTimeField(_("recorded at"))
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", db_index=False,
        verbose_name=_("operator"),
    )

    class Meta:
        verbose_name = _("saving on an order")
        verbose_name_plural = _("savings on orders")
        constraints = [
            models.UniqueConstraint(fields=["member", "order_number", "benefit"], name="ordersaving_once"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="ordersaving_of_something"),
            models.CheckConstraint(condition=~Q(order_number=""), name="ordersaving_of_an_order"),
        ]
        indexes = [
            # A programme's lines of some days, for reports.
            models.Index(fields=["benefit", "on", "id"], name="ordersaving_of_benefit"),
            by_instant("recorded_at", name="ordersaving_by_instant"),
        ]
        triggers = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete),
            keep_whole(),
        ]

    def __str__(self) -> str:
        return f"{self.order_number} · {self.amount:,.2f}"

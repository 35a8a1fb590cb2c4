"""How a member pays: an agreement with a gateway, known to us by a token of theirs."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from memberships.models.members import Member
from operations.audit import track


# The token is what the gateway takes for the member's word: it stays out of the trail. What it is shown as may name a
# person or the end of a card: of it the trail keeps that it changed.
@track(owner="member", exclude=["token"], masked={"label": "text"})
class PaymentMethod(models.Model):
    """A member's standing agreement (代扣协议) with one gateway. Holds no card or account number."""

    member = models.ForeignKey(
        Member, models.PROTECT, related_name="payment_methods", db_index=False, verbose_name=_("member")
    )
    gateway = models.CharField(_("gateway"), max_length=32)
    token = models.CharField(_("token"), max_length=128)
    label = models.CharField(_("shown as"), max_length=64, blank=True)
    added_on = models.DateField(_("added on"))
    removed_on = models.DateField(_("removed on"), null=True, blank=True)

    class Meta:
        verbose_name = _("payment method")
        verbose_name_plural = _("payment methods")
        constraints = [
            models.UniqueConstraint(fields=["member", "gateway", "token"], name="paymentmethod_once"),
            models.CheckConstraint(
                condition=~Q(token="") & ~Q(gateway=""), name="paymentmethod_complete"  # nosec B106
            ),
            models.CheckConstraint(
                condition=Q(removed_on=None) | Q(removed_on__gte=F("added_on")),
                name="paymentmethod_removed_after_added",
            ),
        ]

    def __str__(self) -> str:
        return self.label or f"{self.gateway} …{self.token[-4:]}"

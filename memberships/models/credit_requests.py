"""What a firm asks for: a credit limit and terms. A request grants nothing; the floor of credit decides about it."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from memberships.models.members import Member
from operations.audit import track


@track(owner="member")
class CreditRequest(models.Model):
    """A request waiting for a decision; one may be open per member."""

    class State(models.TextChoices):
        OPEN = "open", _("open")
        WITHDRAWN = "withdrawn", _("withdrawn")
        GRANTED = "granted", _("granted")
        DECLINED = "declined", pgettext_lazy("credit request", "declined")

    member = models.ForeignKey(
        Member, models.PROTECT, related_name="credit_requests", db_index=False, verbose_name=_("member")
    )
    state = models.CharField(_("state"), max_length=16, choices=State, default=State.OPEN)
    limit = models.DecimalField(_("requested limit (CNY)"), max_digits=14, decimal_places=2, null=True, blank=True)
    term_days = models.PositiveSmallIntegerField(_("requested term (days)"), null=True, blank=True)
    requested_on = models.DateField(_("requested on"))

    class Meta:
        verbose_name = _("credit request")
        verbose_name_plural = _("credit requests")
        constraints = [
            models.UniqueConstraint(fields=["member"], condition=Q(state="open"), name="creditrequest_one_open"),
            models.CheckConstraint(
                condition=Q(limit__gte=0) | Q(limit=None), name="creditrequest_limit_not_negative"
            ),
            models.CheckConstraint(
                condition=~Q(limit=None, term_days=None), name="creditrequest_asks_for_something"
            ),
        ]
        indexes = [models.Index(fields=["member", "-requested_on"], name="creditrequest_of_member")]

    def __str__(self) -> str:
        number = Member(pk=self.member_id).number
        return number if self.limit is None else f"{number} · {self.limit:,.2f}"

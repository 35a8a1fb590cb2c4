"""Value statements of a whole programme, kept by a job: what each member saved in a term against its fee."""

from django.db import models
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from memberships.models import Member, Plan, Programme


class ValueStatement(models.Model):
    """A member's sums of a term, or of a calendar year without one, by `as_of`. A read model: follows from the facts.

    sql/values/statements.sql says what the figures mean; a member's page reckons them anew.
    """

    member = models.ForeignKey(
        Member, models.PROTECT, related_name="value_statements", db_index=False, verbose_name=_("member")
    )
    programme = models.ForeignKey(
        Programme, models.PROTECT, related_name="+", db_index=False, verbose_name=_("programme")
    )
    # None: a year without a card.
    plan = models.ForeignKey(
        Plan, models.PROTECT, null=True, blank=True, related_name="+", db_index=False, verbose_name=_("plan")
    )
    starts_on = models.DateField(_("from"))
    # The last day of the term; None without one.
    term_until = models.DateField(_("term until"), null=True, blank=True)
    as_of = models.DateField(_("as of"))
    fee = models.DecimalField(_("fee (CNY)"), max_digits=12, decimal_places=2)
    uses = models.BigIntegerField(_("uses"))
    unpriced = models.BigIntegerField(_("of unknown worth"))
    reference = models.DecimalField(_("worth elsewhere (CNY)"), max_digits=16, decimal_places=2)
    paid = models.DecimalField(_("paid for it (CNY)"), max_digits=16, decimal_places=2)
    saved = models.DecimalField(_("saved (CNY)"), max_digits=16, decimal_places=2)
    cost = models.DecimalField(_("cost (CNY)"), max_digits=16, decimal_places=4)
    net = models.GeneratedField(
        expression=F("saved") - F("fee"), verbose_name=_("saved beyond the fee (CNY)"), db_persist=True,
        output_field=models.DecimalField(max_digits=16, decimal_places=2),
    )
    break_even_on = models.DateField(_("paid off on"), null=True, blank=True)

    class Meta:
        verbose_name = _("value statement")
        verbose_name_plural = _("value statements")
        permissions = [("export_valuestatement", _("Can export value statements"))]
        constraints = [
            models.UniqueConstraint(fields=["member", "programme", "starts_on"], name="valuestatement_once"),
        ]
        indexes = [
            # A programme's list, those that saved least first.
            models.Index(fields=["programme", "net", "id"], name="valuestatement_by_net"),
        ]

    def __str__(self) -> str:
        return f"{Member(pk=self.member_id).number} · {self.starts_on}"

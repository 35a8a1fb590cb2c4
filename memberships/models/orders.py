"""Orders as facts: what was bought, and what of it came back. Points follow from them (services/orders.py)."""

from decimal import Decimal

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from memberships.models.enrolments import Enrolment
from memberships.models.members import Member
from memberships.models.points_rules import EarnRule
from operations.audit import by_instant, keep_whole


class Order(models.Model):
    """An order, or the return of (part of) one, which names it. Facts of another system: they only grow."""

    # The database holds enrolment and member by one key over both.
    member = models.ForeignKey(
        Member, models.PROTECT, related_name="orders", db_index=False, db_constraint=False, verbose_name=_("member")
    )
    enrolment = models.ForeignKey(
        Enrolment, models.PROTECT, related_name="orders", db_index=False, db_constraint=False,
        verbose_name=_("points wallet"),
    )
    # The other system's number: unique for ever, over all members.
    number = models.CharField(_("order number"), max_length=48)
    returns = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="returned", db_index=False,
        verbose_name=_("return of"),
    )
    category = models.CharField(_("category"), max_length=64, blank=True)
    # Of a return: what came back.
    amount = models.DecimalField(_("amount (CNY)"), max_digits=14, decimal_places=2)
    ordered_on = models.DateField(_("ordered on"))
    recorded_at = models.DateTimeField(_("recorded at"))
    # What it brought, or took back, when it was recorded; the ledger has the entry under "order:<number>".
    points = models.BigIntegerField(_("points"), default=0)
    qualifying = models.BigIntegerField(_("qualifying points"), default=0)
    # By what an order earned: its rule (none: no rule held), which may have been rewritten since, and tier times
    # promotion. Without a key in the database, which would write a lock into the one rule for each of a million orders.
    rule = models.ForeignKey(
        EarnRule, models.PROTECT, null=True, blank=True, related_name="+", db_index=False, db_constraint=False,
        verbose_name=_("earn rule"),
    )
    multiplier = models.DecimalField(
        _("multiplier (tier and promotion)"), max_digits=12, decimal_places=6, default=Decimal(1), db_default=Decimal(1)
    )

    class Meta:
        verbose_name = _("order")
        verbose_name_plural = _("orders")
        permissions = [("import_order", _("Can import orders"))]
        constraints = [
            models.UniqueConstraint(fields=["number"], name="order_number"),
            models.CheckConstraint(condition=Q(amount__gte=0), name="order_amount_not_negative"),
            models.CheckConstraint(condition=Q(returns=None) | ~Q(returns=F("id")), name="order_returns_another"),
        ]
        indexes = [
            models.Index(fields=["enrolment", "ordered_on"], name="order_of_enrolment"),
            models.Index(fields=["returns"], name="order_returned", condition=Q(returns__isnull=False)),
            # The list of returns, the last recorded first.
            models.Index(fields=["id"], name="order_return_recorded", condition=Q(returns__isnull=False)),
            by_instant("recorded_at", name="order_by_instant"),
        ]
        triggers = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete),
            keep_whole(),
        ]

    def __str__(self) -> str:
        return self.number

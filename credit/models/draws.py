"""What is drawn on a line: authorisations that hold an amount, invoices that are owed, credit notes that lower them."""

from datetime import date
from decimal import Decimal
from typing import Self

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from credit.models.lines import CreditLine, OverdueState
from memberships.models import Member
from operations.audit import by_instant, keep_whole
from operations.models import ImportBatch
from operations.paths import path


class Authorisation(models.Model):
    """An amount held on a line for an order, until it is captured, voided, or over.

    `expires_on` is the first day on which it holds nothing. It may be captured in parts.
    """

    class State(models.TextChoices):
        HELD = "held", _("held")
        CAPTURED = "captured", _("captured")
        VOIDED = "voided", _("voided")
        EXPIRED = "expired", _("expired")

    member = models.ForeignKey(Member, models.PROTECT, related_name="+", db_index=False, verbose_name=_("member"))
    line = models.ForeignKey(
        CreditLine, models.PROTECT, related_name="authorisations", db_index=False, verbose_name=_("credit line")
    )
    key = models.CharField(_("key"), max_length=64)
    order_number = models.CharField(_("order number"), max_length=48, blank=True)
    amount = models.DecimalField(_("amount (CNY)"), max_digits=14, decimal_places=2)
    captured = models.DecimalField(
        _("captured (CNY)"), max_digits=14, decimal_places=2, default=Decimal(0), db_default=Decimal(0)
    )
    state = models.CharField(_("state"), max_length=16, choices=State, default=State.HELD, db_default=State.HELD)
    on = models.DateField(_("business date"))
    at = models.DateTimeField(_("at"))
    expires_on = models.DateField(_("expires on"))
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", db_index=False,
        verbose_name=_("operator"),
    )
    ended_on = models.DateField(_("ended on"), null=True, blank=True)

    class Meta:
        verbose_name = _("authorisation")
        verbose_name_plural = _("authorisations")
        permissions = [("draw_credit", _("Can authorise, capture and void draws on credit lines"))]
        constraints = [
            models.UniqueConstraint(fields=["member", "key"], name="authorisation_key"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="authorisation_of_something"),
            models.CheckConstraint(
                condition=Q(captured__gte=0, captured__lte=F("amount")), name="authorisation_captured_within"
            ),
            models.CheckConstraint(condition=Q(expires_on__gt=F("on")), name="authorisation_holds_a_day"),
            models.CheckConstraint(
                condition=Q(state="held", ended_on=None) | (~Q(state="held") & Q(ended_on__isnull=False)),
                name="authorisation_ended_on",
            ),
        ]
        indexes = [
            models.Index(fields=["line", "-id"], name="authorisation_of_line"),
            models.Index(fields=["expires_on", "line"], name="authorisation_to_expire", condition=Q(state="held")),
        ]
        triggers = [
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(name="frozen", exclude=["captured", "state", "ended_on"]),
            path("state", [("held", "captured"), ("held", "voided"), ("held", "expired")]),
            keep_whole(),
        ]

    def __str__(self) -> str:
        return f"{self.amount:,.2f} · {self.order_number or self.key}"


class InvoiceQuerySet(models.QuerySet["Invoice"]):
    """Invoices by what is to be paid."""

    def open(self) -> Self:
        """With something outstanding."""
        return self.filter(outstanding__gt=0)

    def overdue(self, *, on: date) -> Self:
        """Not paid by the day it was due: overdue from the day after."""
        return self.open().filter(due_on__lt=on)


# Money follows from the entries; it has no trail of its own, since its ledger is one.
class Invoice(models.Model):
    """What is owed, and until when. `outstanding` is kept by the database: amount less what was paid, credited, written
    off. Reductions are entries; the columns are their sums (books/credit.py)."""

    class Kind(models.TextChoices):
        PURCHASE = "purchase", _("purchase")
        LATE_FEE = "late_fee", _("late fee")
        # Of a receipt that bounced: what had been paid back of it.
        CLAIM = "claim", _("claim of a refund")

    class Official(models.TextChoices):
        """The official invoice (发票) for it."""

        NONE = "none", _("not requested")
        REQUESTED = "requested", pgettext_lazy("official invoice", "requested")
        ISSUED = "issued", pgettext_lazy("official invoice", "issued")
        VOIDED = "voided", _("voided")

    member = models.ForeignKey(Member, models.PROTECT, related_name="+", db_index=False, verbose_name=_("member"))
    line = models.ForeignKey(
        CreditLine, models.PROTECT, related_name="invoices", db_index=False, verbose_name=_("credit line")
    )
    authorisation = models.ForeignKey(
        Authorisation, models.PROTECT, null=True, blank=True, related_name="invoices", db_index=False,
        verbose_name=_("authorisation"),
    )
    batch = models.ForeignKey(
        ImportBatch, models.PROTECT, null=True, blank=True, related_name="+", db_index=False, verbose_name=_("import")
    )
    kind = models.CharField(_("kind"), max_length=16, choices=Kind, default=Kind.PURCHASE, db_default=Kind.PURCHASE)
    key = models.CharField(_("key"), max_length=64)
    # Of all firms: what a payer writes into the reference.
    number = models.CharField(_("invoice number"), max_length=48)
    order_number = models.CharField(_("order number"), max_length=48, blank=True)
    amount = models.DecimalField(_("amount (CNY)"), max_digits=14, decimal_places=2)
    paid = models.DecimalField(
        _("paid (CNY)"), max_digits=14, decimal_places=2, default=Decimal(0), db_default=Decimal(0)
    )
    credited = models.DecimalField(
        _("credited (CNY)"), max_digits=14, decimal_places=2, default=Decimal(0), db_default=Decimal(0)
    )
    written_off = models.DecimalField(
        _("written off (CNY)"), max_digits=14, decimal_places=2, default=Decimal(0), db_default=Decimal(0)
    )
    outstanding = models.GeneratedField(
        expression=F("amount") - F("paid") - F("credited") - F("written_off"),
        output_field=models.DecimalField(max_digits=14, decimal_places=2), db_persist=True,
        verbose_name=_("outstanding (CNY)"),
    )
    invoiced_on = models.DateField(_("invoiced on"))
    due_on = models.DateField(_("due on"))
    # The term rule that gave the day, as it was, and the steps in which it did (credit/terms).
    terms = models.JSONField(pgettext_lazy("credit", "terms"))
    # As the last night saw it.
    overdue_state = models.CharField(
        _("overdue state"), max_length=16, choices=OverdueState, default=OverdueState.NONE,
        db_default=OverdueState.NONE,
    )
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", db_index=False,
        verbose_name=_("operator"),
    )
    at = models.DateTimeField(_("at"))
    official_state = models.CharField(
        _("official invoice"), max_length=16, choices=Official, default=Official.NONE, db_default=Official.NONE
    )
    official_number = models.CharField(
        _("number of the official invoice"), max_length=32, blank=True, default="", db_default=""
    )
    official_on = models.DateField(_("official invoice of"), null=True, blank=True)

    objects = InvoiceQuerySet.as_manager()

    class Meta:
        verbose_name = _("invoice")
        verbose_name_plural = _("invoices")
        permissions = [
            ("invoice_credit", _("Can enter and import invoices, and credit them")),
            ("write_off_invoice", _("Can write invoices off")),
            ("issue_official_invoice", _("Can keep the state of official invoices")),
        ]
        constraints = [
            models.UniqueConstraint(fields=["member", "key"], name="invoice_key"),
            models.UniqueConstraint(fields=["number"], name="invoice_number"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="invoice_of_something"),
            models.CheckConstraint(
                condition=Q(paid__gte=0, credited__gte=0, written_off__gte=0, outstanding__gte=0),
                name="invoice_not_overpaid",
            ),
            models.CheckConstraint(condition=Q(due_on__gte=F("invoiced_on")), name="invoice_due_after_invoiced"),
            models.CheckConstraint(
                condition=Q(official_state__in=["none", "requested"], official_number="")
                | (Q(official_state__in=["issued", "voided"]) & ~Q(official_number="")),
                name="invoice_official_number",
            ),
        ]
        indexes = [
            models.Index(fields=["line", "-id"], name="invoice_of_line"),
            # What is open of a line, the oldest due first: what a receipt pays, what blocks a draw, and what the night
            # compares with the day (sql/overdue/invoices.sql).
            models.Index(
                fields=["line", "due_on", "id"], include=["outstanding", "overdue_state"], name="invoice_open",
                condition=Q(outstanding__gt=0),
            ),
            # Settled since the last night.
            models.Index(
                fields=["line", "id"], name="invoice_settled", condition=Q(outstanding=0) & ~Q(overdue_state="none")
            ),
            # Whose a payment of exactly that amount may be.
            models.Index(fields=["outstanding", "id"], name="invoice_by_amount", condition=Q(outstanding__gt=0)),
            # Ageing, by day: what was open then is what is open now and what was reduced since (models/entries.py).
            models.Index(
                fields=["due_on", "id"], include=["member", "line", "outstanding", "invoiced_on"],
                name="invoice_ageing", condition=Q(outstanding__gt=0),
            ),
            # What lists are narrowed to, but for what nearly all are, which needs none.
            models.Index(
                fields=["overdue_state", "id"], name="invoice_by_overdue_state", condition=~Q(overdue_state="none")
            ),
            models.Index(
                fields=["official_state", "id"], name="invoice_by_official_state", condition=~Q(official_state="none")
            ),
            models.Index(fields=["kind", "id"], name="invoice_by_kind", condition=~Q(kind="purchase")),
        ]
        triggers = [
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(
                name="frozen",
                fields=[
                    "id", "member", "line", "authorisation", "batch", "kind", "key", "number", "order_number", "amount",
                    "invoiced_on", "due_on", "terms", "actor", "at",
                ],
            ),
            path(
                "official_state", [
                    ("none", "requested"), ("requested", "none"), ("requested", "issued"), ("none", "issued"),
                    ("issued", "voided"), ("voided", "requested"), ("voided", "issued"),
                ],
            ),
            keep_whole(),
        ]

    def __str__(self) -> str:
        return self.number


class CreditNote(models.Model):
    """So much of an invoice that is not owed: of what was paid of it already, the rest becomes unapplied credit."""

    member = models.ForeignKey(Member, models.PROTECT, related_name="+", db_index=False, verbose_name=_("member"))
    invoice = models.ForeignKey(
        Invoice, models.PROTECT, related_name="credit_notes", db_index=False, verbose_name=_("invoice")
    )
    key = models.CharField(_("key"), max_length=64)
    number = models.CharField(_("number"), max_length=48)
    amount = models.DecimalField(_("amount (CNY)"), max_digits=14, decimal_places=2)
    # What had been paid and became unapplied credit.
    unapplied = models.DecimalField(
        _("given back as unapplied credit (CNY)"), max_digits=14, decimal_places=2, default=Decimal(0),
        db_default=Decimal(0),
    )
    reason = models.CharField(_("reason"), max_length=200)
    on = models.DateField(_("business date"))
    at = models.DateTimeField(_("at"))
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", db_index=False,
        verbose_name=_("operator"),
    )

    class Meta:
        verbose_name = _("credit note")
        verbose_name_plural = _("credit notes")
        constraints = [
            models.UniqueConstraint(fields=["member", "key"], name="creditnote_key"),
            models.UniqueConstraint(fields=["number"], name="creditnote_number"),
            models.CheckConstraint(
                condition=Q(amount__gt=0, unapplied__gte=0, unapplied__lte=F("amount")), name="creditnote_amounts"
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="creditnote_with_reason"),
        ]
        indexes = [
            models.Index(fields=["invoice", "id"], name="creditnote_of_invoice"),
            by_instant("at", name="creditnote_by_instant"),
        ]
        triggers = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete),
            keep_whole(),
        ]

    def __str__(self) -> str:
        return self.number

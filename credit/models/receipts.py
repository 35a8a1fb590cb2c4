"""Money that came in: a line of a bank's statement, or what an operator entered."""

from decimal import Decimal
from typing import Self

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from credit.models.lines import CreditLine, two_people
from memberships.models import Member
from operations.audit import by_instant, keep_whole
from operations.models import Approval, ImportBatch
from operations.paths import path


class ReceiptQuerySet(models.QuerySet["Receipt"]):
    """Receipts by what is to be done about them."""

    def unmatched(self) -> Self:
        """Nobody knows yet whose they are."""
        return self.filter(state=Receipt.State.UNMATCHED)

    def with_unapplied(self) -> Self:
        """Somebody's, and not used up."""
        return self.filter(unapplied__gt=0)


class Receipt(models.Model):
    """An amount of a payer. Unmatched it is nobody's; matched it is a line's, allocated to its invoices or unapplied.

    Allocations are entries of the ledger that name receipt and invoice; `allocated` and `refunded` are their sums.
    """

    class State(models.TextChoices):
        UNMATCHED = "unmatched", _("not matched")
        MATCHED = "matched", _("matched")
        # The bank took it back: what it had paid is open again, and what was paid back of it is claimed.
        BOUNCED = "bounced", _("bounced")
        # Not a firm's payment at all: set aside, with a reason.
        SET_ASIDE = "set_aside", _("set aside")

    class Rule(models.TextChoices):
        """How its owner was found. An amount alone says of nobody that they paid it: that is a suggestion."""

        REFERENCE = "reference", _("by reference")
        ACCOUNT = "account", _("by the payer's account")
        NAME = "name", _("by the payer's name")
        HAND = "hand", _("by hand")

    # The bank's own number of the payment, with the account it came in on: once for ever.
    key = models.CharField(_("bank reference"), max_length=96)
    # No key in the database: two hundred thousand rows would each lock the one batch, which is never deleted.
    batch = models.ForeignKey(
        ImportBatch, models.PROTECT, null=True, blank=True, related_name="+", db_index=False, db_constraint=False,
        verbose_name=_("import"),
    )
    # Whose it is, is checked with the entry that books it there (sql/ledger/name_their_own.sql).
    member = models.ForeignKey(
        Member, models.PROTECT, null=True, blank=True, related_name="+", db_index=False, db_constraint=False,
        verbose_name=_("member"),
    )
    line = models.ForeignKey(
        CreditLine, models.PROTECT, null=True, blank=True, related_name="receipts", db_index=False, db_constraint=False,
        verbose_name=_("credit line"),
    )
    payer_name = models.CharField(_("payer"), max_length=200)
    payer_account = models.CharField(_("payer's account"), max_length=64, blank=True)
    reference = models.CharField(_("reference"), max_length=200, blank=True)
    amount = models.DecimalField(_("amount (CNY)"), max_digits=14, decimal_places=2)
    allocated = models.DecimalField(
        _("allocated (CNY)"), max_digits=14, decimal_places=2, default=Decimal(0), db_default=Decimal(0)
    )
    refunded = models.DecimalField(
        _("paid back (CNY)"), max_digits=14, decimal_places=2, default=Decimal(0), db_default=Decimal(0)
    )
    unapplied = models.GeneratedField(
        expression=models.Case(
            models.When(state="matched", then=F("amount") - F("allocated") - F("refunded")), default=Decimal(0),
            output_field=models.DecimalField(max_digits=14, decimal_places=2),
        ),
        output_field=models.DecimalField(max_digits=14, decimal_places=2), db_persist=True,
        verbose_name=_("unapplied (CNY)"),
    )
    state = models.CharField(_("state"), max_length=16, choices=State)
    rule = models.CharField(_("matched"), max_length=16, choices=Rule, blank=True)
    received_on = models.DateField(_("received on"))
    on = models.DateField(_("business date"))
    at = models.DateTimeField(_("at"))
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", db_index=False,
        verbose_name=_("operator"),
    )
    # Who approved it, or the bank's statement that it stands in, where that took two.
    checker = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", db_index=False,
        verbose_name=_("approved by"),
    )
    approval = models.ForeignKey(
        Approval, models.PROTECT, null=True, blank=True, related_name="+", db_index=False, verbose_name=_("approval")
    )
    # Of a bounced one, or one that was set aside.
    ended_on = models.DateField(_("ended on"), null=True, blank=True)
    note = models.CharField(_("note"), max_length=200, blank=True)

    objects = ReceiptQuerySet.as_manager()

    class Meta:
        verbose_name = _("receipt")
        verbose_name_plural = _("receipts")
        permissions = [
            ("allocate_receipt", _("Can enter, import, match, allocate and reverse receipts")),
            ("reveal_receipt", _("Can see payers' whole accounts")),
        ]
        constraints = [
            models.UniqueConstraint(fields=["key"], name="receipt_key"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="receipt_of_something"),
            models.CheckConstraint(
                condition=Q(allocated__gte=0, refunded__gte=0, amount__gte=F("allocated") + F("refunded")),
                name="receipt_not_used_twice",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["matched", "bounced"], member__isnull=False, line__isnull=False)
                | Q(state__in=["unmatched", "bounced", "set_aside"], member=None, line=None, allocated=0, refunded=0),
                name="receipt_of_a_line",
            ),
            models.CheckConstraint(
                condition=~Q(state="bounced") | Q(allocated=0, refunded=0), name="receipt_bounced_pays_nothing"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["unmatched", "matched"], ended_on=None)
                | Q(state__in=["bounced", "set_aside"], ended_on__isnull=False),
                name="receipt_ended_on",
            ),
            two_people("receipt_two_people", maker="actor"),
        ]
        indexes = [
            models.Index(fields=["line", "-id"], name="receipt_of_line", condition=Q(line__isnull=False)),
            models.Index(fields=["id"], name="receipt_unmatched", condition=Q(state="unmatched")),
            models.Index(fields=["id"], name="receipt_unapplied", condition=Q(unapplied__gt=0)),
            # What lists are narrowed to, but for what nearly all are, which needs none.
            models.Index(fields=["state", "id"], name="receipt_by_state", condition=~Q(state="matched")),
            # What a person entered alone on a day, by hand and by files, is weighed together.
            models.Index(
                fields=["actor", "on"], name="receipt_alone", condition=Q(checker=None, actor__isnull=False),
            ),
            # Whose account it is is known by what was matched before.
            models.Index(
                fields=["payer_account", "-id"], name="receipt_by_account",
                condition=Q(state="matched") & ~Q(payer_account=""),
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(
                name="frozen",
                fields=[
                    "id", "key", "batch", "payer_name", "payer_account", "reference", "amount", "received_on", "at",
                    "actor", "on", "checker", "approval",
                ],
            ),
            path(
                "state", [
                    ("unmatched", "matched"), ("unmatched", "set_aside"), ("set_aside", "unmatched"),
                    ("unmatched", "bounced"), ("matched", "bounced"), ("matched", "unmatched"),
                ],
            ),
            keep_whole(),
        ]

    def __str__(self) -> str:
        return f"{self.payer_name} {self.amount:,.2f}"


class ReceiptStep(models.Model):
    """What became of a receipt that was nobody's: set aside, put back on the work list, bounced. Only grows.

    Of one that is a line's, the ledger's entries tell it.
    """

    receipt = models.ForeignKey(
        Receipt, models.PROTECT, related_name="steps", db_index=False, verbose_name=_("receipt")
    )
    state = models.CharField(_("state"), max_length=16, choices=Receipt.State)
    reason = models.CharField(_("reason"), max_length=200)
    on = models.DateField(_("business date"))
    at = models.DateTimeField(_("at"))
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", db_index=False,
        verbose_name=_("operator"),
    )
    checker = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", db_index=False,
        verbose_name=_("approved by"),
    )
    approval = models.ForeignKey(
        Approval, models.PROTECT, null=True, blank=True, related_name="+", db_index=False, verbose_name=_("approval")
    )

    class Meta:
        verbose_name = _("step of a receipt")
        verbose_name_plural = _("steps of receipts")
        constraints = [two_people("receiptstep_two_people", maker="actor")]
        indexes = [
            models.Index(fields=["receipt", "id"], name="receiptstep_of_receipt"),
            by_instant("at", name="receiptstep_by_instant"),
        ]
        triggers = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete),
            keep_whole(),
        ]

    def __str__(self) -> str:
        return f"{self.get_state_display()} · {self.on}"

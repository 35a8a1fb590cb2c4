"""The credit ledger. It only grows: a mistake is corrected by an entry that names what it reverses.

An allocation is an entry that names receipt and invoice, and the ledger is where it stands: what a receipt paid, and
what an invoice was paid by, are sums over its entries.
"""

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from credit.models.draws import Authorisation, CreditNote, Invoice
from credit.models.lines import CreditLine, two_people
from credit.models.receipts import Receipt
from memberships.models import Member
from operations.audit import by_instant, keep_whole
from operations.models import Approval


class Account(models.TextChoices):
    """Accounts of the ledger. The first two are memoranda: what is held is not owed yet."""

    AUTHORISED = "authorised", _("authorised")
    COMMITMENTS = "commitments", _("commitments")
    RECEIVABLE = "receivable", _("receivable")
    SALES = "sales", _("sales")
    FEES = "fees", _("late fees")
    WRITTEN_OFF = "written_off", _("written off")
    UNAPPLIED = "unapplied", _("unapplied credit")
    CASH = "cash", _("cash")


class CreditEntry(models.Model):
    """One movement between two accounts of a line; `amount` is positive."""

    class Kind(models.TextChoices):
        AUTHORISE = "authorise", _("authorise")
        # What an authorisation held and does not hold any more: captured, voided, expired.
        RELEASE = "release", _("release")
        INVOICE = "invoice", _("invoice")
        LATE_FEE = "late_fee", _("late fee")
        CREDIT_NOTE = "credit_note", _("credit note")
        RECEIPT = "receipt", _("receipt")
        ALLOCATE = "allocate", _("allocate")
        # An allocation, or a part of it, taken back: a receipt bounced, an invoice was credited, an operator moved it.
        DEALLOCATE = "deallocate", _("take an allocation back")
        BOUNCE = "bounce", _("bounced")
        UNMATCH = "unmatch", _("no longer matched")
        REFUND = "refund", _("paid back")
        # What was paid back of a receipt that bounces is owed: an invoice of its own.
        RECLAIM = "reclaim", _("claim what was paid back")
        WRITE_OFF = "write_off", _("write off")
        RECOVER = "recover", _("take a write-off back")

    #: Of each kind, the accounts: (debit, credit).
    ACCOUNTS = {
        Kind.AUTHORISE: (Account.AUTHORISED, Account.COMMITMENTS),
        Kind.RELEASE: (Account.COMMITMENTS, Account.AUTHORISED),
        Kind.INVOICE: (Account.RECEIVABLE, Account.SALES),
        Kind.LATE_FEE: (Account.RECEIVABLE, Account.FEES),
        Kind.CREDIT_NOTE: (Account.SALES, Account.RECEIVABLE),
        Kind.RECEIPT: (Account.CASH, Account.UNAPPLIED),
        Kind.ALLOCATE: (Account.UNAPPLIED, Account.RECEIVABLE),
        Kind.DEALLOCATE: (Account.RECEIVABLE, Account.UNAPPLIED),
        Kind.BOUNCE: (Account.UNAPPLIED, Account.CASH),
        Kind.UNMATCH: (Account.UNAPPLIED, Account.CASH),
        Kind.REFUND: (Account.UNAPPLIED, Account.CASH),
        Kind.RECLAIM: (Account.RECEIVABLE, Account.UNAPPLIED),
        Kind.WRITE_OFF: (Account.WRITTEN_OFF, Account.RECEIVABLE),
        Kind.RECOVER: (Account.RECEIVABLE, Account.WRITTEN_OFF),
    }

    # Line, invoice and receipt, and whose they are, a trigger checks for all entries of a statement at once: keys would
    # ask for each of them (sql/ledger/name_their_own.sql).
    member = models.ForeignKey(
        Member, models.PROTECT, related_name="+", db_index=False, db_constraint=False, verbose_name=_("member")
    )
    line = models.ForeignKey(
        CreditLine, models.PROTECT, related_name="entries", db_index=False, db_constraint=False,
        verbose_name=_("credit line"),
    )
    key = models.CharField(_("key"), max_length=96)
    kind = models.CharField(_("kind"), max_length=16, choices=Kind)
    debit = models.CharField(_("debit"), max_length=16, choices=Account)
    credit = models.CharField(_("credit"), max_length=16, choices=Account)
    amount = models.DecimalField(_("amount (CNY)"), max_digits=14, decimal_places=2)
    authorisation = models.ForeignKey(
        Authorisation, models.PROTECT, null=True, blank=True, related_name="entries", db_index=False,
        verbose_name=_("authorisation"),
    )
    invoice = models.ForeignKey(
        Invoice, models.PROTECT, null=True, blank=True, related_name="entries", db_index=False, db_constraint=False,
        verbose_name=_("invoice"),
    )
    receipt = models.ForeignKey(
        Receipt, models.PROTECT, null=True, blank=True, related_name="entries", db_index=False, db_constraint=False,
        verbose_name=_("receipt"),
    )
    credit_note = models.ForeignKey(
        CreditNote, models.PROTECT, null=True, blank=True, related_name="entries", db_index=False,
        verbose_name=_("credit note"),
    )
    reverses = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="reversals", db_index=False,
        verbose_name=_("reverses"),
    )
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
    reason = models.CharField(_("reason"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("credit entry")
        verbose_name_plural = _("credit entries")
        constraints = [
            models.UniqueConstraint(fields=["member", "key"], name="creditentry_key"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="creditentry_of_something"),
            two_people("creditentry_two_people", maker="actor"),
            models.CheckConstraint(
                condition=Q(kind__in=["authorise", "release"], authorisation__isnull=False, invoice=None, receipt=None)
                | Q(kind__in=["invoice", "late_fee"], invoice__isnull=False, receipt=None)
                | Q(kind="credit_note", invoice__isnull=False, credit_note__isnull=False, receipt=None)
                | Q(kind__in=["receipt", "bounce", "unmatch", "refund"], receipt__isnull=False, invoice=None)
                | Q(kind__in=["allocate", "reclaim"], receipt__isnull=False, invoice__isnull=False)
                | Q(kind="deallocate", receipt__isnull=False, invoice__isnull=False, reverses__isnull=False)
                | Q(kind="write_off", invoice__isnull=False, receipt=None)
                | Q(kind="recover", invoice__isnull=False, receipt=None, reverses__isnull=False),
                name="creditentry_follows_its_kind",
            ),
            models.CheckConstraint(
                condition=Q(kind="authorise", debit="authorised", credit="commitments")
                | Q(kind="release", debit="commitments", credit="authorised")
                | Q(kind="invoice", debit="receivable", credit="sales")
                | Q(kind="late_fee", debit="receivable", credit="fees")
                | Q(kind="credit_note", debit__in=["sales", "fees"], credit="receivable")
                | Q(kind="receipt", debit="cash", credit="unapplied")
                | Q(kind="allocate", debit="unapplied", credit="receivable")
                | Q(kind__in=["deallocate", "reclaim"], debit="receivable", credit="unapplied")
                | Q(kind__in=["bounce", "unmatch", "refund"], debit="unapplied", credit="cash")
                | Q(kind="write_off", debit="written_off", credit="receivable")
                | Q(kind="recover", debit="receivable", credit="written_off"),
                name="creditentry_double_entry",
            ),
        ]
        indexes = [
            models.Index(fields=["line", "-id"], name="creditentry_of_line"),
            models.Index(fields=["invoice", "id"], name="creditentry_of_invoice", condition=Q(invoice__isnull=False)),
            models.Index(fields=["receipt", "id"], name="creditentry_of_receipt", condition=Q(receipt__isnull=False)),
            models.Index(fields=["reverses"], name="creditentry_reversals", condition=Q(reverses__isnull=False)),
            # What lowered or raised invoices since a day: what an ageing of the past adds to what is open now.
            models.Index(
                fields=["on", "invoice"], include=["member", "line", "amount", "debit"], name="creditentry_ageing",
                condition=Q(kind__in=["credit_note", "allocate", "deallocate", "write_off", "recover"]),
            ),
            # What a person paid back, wrote off or credited alone on a day.
            models.Index(
                fields=["actor", "on"], name="creditentry_alone",
                condition=Q(kind__in=["refund", "write_off", "credit_note"], checker=None, actor__isnull=False),
            ),
            by_instant("at", name="creditentry_by_instant"),
        ]
        triggers = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete),
            keep_whole(),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.amount:,.2f}"

    @classmethod
    def accounts_of(cls, kind: Kind, owner: Authorisation | Invoice) -> tuple[Account, Account]:
        """Debit and credit of a movement of an authorisation or invoice: less of a late fee is less income of fees."""
        debit, credit = cls.ACCOUNTS[kind]
        is_fee = isinstance(owner, Invoice) and owner.kind == Invoice.Kind.LATE_FEE
        return (Account.FEES if is_fee and kind == cls.Kind.CREDIT_NOTE else debit), credit

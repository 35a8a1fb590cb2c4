"""Pools of a partner's codes: imported, claimed once each, void or over."""

import pgtrigger
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from operations.audit import keep_whole
from operations.models import ImportBatch
from operations.models.imports import StagedRow
from operations.models.sealed import SealedTextField
from operations.paths import path
from partners.models.fulfilments import Fulfilment
from partners.models.partners import Offer, Partner


class VoucherCode(models.Model):
    """One code. Sealed at rest; found by its keyed hash; given to one fulfilment at most, ever."""

    class State(models.TextChoices):
        AVAILABLE = "available", _("available")
        CLAIMED = "claimed", _("claimed")
        VOID = "void", _("void")
        EXPIRED = "expired", _("expired")

    offer = models.ForeignKey(Offer, models.PROTECT, related_name="codes", db_index=False, verbose_name=_("offer"))
    # A code is unique at its partner, over all offers.
    partner = models.ForeignKey(Partner, models.PROTECT, related_name="+", db_index=False, verbose_name=_("partner"))
    code = SealedTextField(_("voucher code"))
    code_hash = models.BinaryField(_("hash"), max_length=32)
    # The last characters, for people to tell codes apart.
    ending = models.CharField(_("ends in"), max_length=4)
    expires_on = models.DateField(_("expires on"), null=True, blank=True)
    state = models.CharField(
        _("state"), max_length=16, choices=State, default=State.AVAILABLE, db_default=State.AVAILABLE
    )
    fulfilment = models.OneToOneField(
        Fulfilment, models.PROTECT, null=True, blank=True, related_name="voucher", verbose_name=_("fulfilment")
    )
    batch = models.ForeignKey(
        ImportBatch, models.PROTECT, null=True, blank=True, related_name="+", db_index=False, verbose_name=_("import")
    )
    imported_at = models.DateTimeField(_("imported at"))
    claimed_at = models.DateTimeField(_("claimed at"), null=True, blank=True)
    void_reason = models.CharField(_("why it is void"), max_length=200, blank=True, default="", db_default="")
    voided_at = models.DateTimeField(_("void since"), null=True, blank=True)
    # By hand: who did it. Nobody: what it was given for ended (sql/vouchers/void_ended.sql).
    voided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", db_index=False,
        verbose_name=_("voided by"),
    )

    class Meta:
        verbose_name = _("voucher code")
        verbose_name_plural = _("voucher codes")
        permissions = [
            ("import_vouchercode", _("Can import voucher codes")), ("void_vouchercode", _("Can void voucher codes")),
            ("reveal_vouchercode", _("Can see voucher codes in full")),
        ]
        constraints = [
            models.UniqueConstraint(fields=["partner", "code_hash"], name="vouchercode_once"),
            models.CheckConstraint(
                condition=Q(state__in=["available", "expired"], fulfilment=None, claimed_at=None)
                | Q(state="claimed", fulfilment__isnull=False, claimed_at__isnull=False)
                | Q(state="void"),
                name="vouchercode_of_its_state",
            ),
            models.CheckConstraint(condition=~Q(state="void") | ~Q(void_reason=""), name="vouchercode_void_reason"),
        ]
        indexes = [
            models.Index(
                fields=["offer", "expires_on", "id"], name="vouchercode_available", condition=Q(state="available")
            ),
            # The desk's list and its counts.
            models.Index(fields=["offer", "state", "id"], name="vouchercode_by_state"),
        ]
        triggers = [
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(
                name="frozen", fields=["id", "offer", "partner", "code_hash", "ending", "batch", "imported_at"]
            ),
            path(
                "state",
                [("available", "claimed"), ("available", "void"), ("available", "expired"), ("claimed", "void")],
            ),
            keep_whole(),
        ]

    def __str__(self) -> str:
        return f"…{self.ending}"


class CodeStock(models.Model):
    """Whether an offer's codes are low, so that it is told once of each time they become so."""

    offer = models.OneToOneField(
        Offer, models.PROTECT, primary_key=True, related_name="code_stock", verbose_name=_("offer")
    )
    # None: enough are there.
    low_since = models.DateTimeField(_("low since"), null=True, blank=True)
    warnings = models.PositiveIntegerField(_("warnings"), default=0)

    class Meta:
        verbose_name = _("stock of voucher codes")
        verbose_name_plural = _("stocks of voucher codes")
        default_permissions = ("view",)

    def __str__(self) -> str:
        return str(self.warnings)


class StagedVoucherCode(StagedRow):
    """A code on its way in: sealed and hashed while the file is read. Nowhere does it stand in clear."""

    offer_id = models.BigIntegerField(null=True)
    code = models.BinaryField(null=True)
    code_hash = models.BinaryField(null=True)
    ending = models.TextField(null=True)
    expires_on = models.DateField(null=True)
    clears = ArrayField(models.TextField(), null=True)

    class Meta(StagedRow.Meta):
        abstract = False
        managed = False
        db_table = "partners_staged_vouchercode"

"""A partner's statement, line by line against what we know; and what is owed for a month."""

import uuid
from decimal import Decimal

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from operations.audit import by_instant, keep_whole, track
from operations.paths import path
from partners.models.fulfilments import Fulfilment
from partners.models.partners import Offer, Partner


def upload_path(_statement: "PartnerStatement", _name: str) -> str:
    """Where a statement's file is kept: a name of ours, since the partner's may hold path parts."""
    return f"statements/{uuid.uuid4().hex}"


@track(owner="partner")
class PartnerStatement(models.Model):
    """What a partner says it did in a month, matched line by line.

    Lines that differ are rows; of those that match, which are nearly all, only the sums by offer and unit cost are kept
    (`matched`): a fulfilment that is billed in the month and has no line here is matched. The file itself is kept.
    """

    class State(models.TextChoices):
        MATCHED = "matched", _("matched")
        SETTLED = "settled", _("settled")
        WITHDRAWN = "withdrawn", _("withdrawn")

    partner = models.ForeignKey(Partner, models.PROTECT, related_name="statements", verbose_name=_("partner"))
    month = models.DateField(_("month"))
    number = models.PositiveSmallIntegerField(_("number"))
    state = models.CharField(_("state"), max_length=16, choices=State, default=State.MATCHED)
    matched_at = models.DateTimeField(_("matched at"))
    file = models.FileField(_("file"), upload_to=upload_path, blank=True, db_default="")
    file_name = models.CharField(_("file name"), max_length=255, db_default="")
    file_sha256 = models.CharField(_("SHA-256 of the file"), max_length=64, db_default="")
    # How many lines the file has, and lines by verdict.
    lines_read = models.PositiveIntegerField(_("lines"), default=0, db_default=0)
    counts = models.JSONField(_("counts"), default=dict)
    # Of the lines that match: [{"offer", "unit_cost", "units", "amount"}], the amounts as text.
    matched = models.JSONField(_("matched"), default=list, db_default=[])
    imported_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", db_index=False,
        verbose_name=_("imported by"),
    )

    class Meta:
        verbose_name = _("partner's statement")
        verbose_name_plural = _("partners' statements")
        permissions = [
            ("import_partnerstatement", _("Can import partners' statements")),
            ("resolve_partnerstatement", _("Can resolve differences of statements")),
        ]
        constraints = [
            models.UniqueConstraint(fields=["partner", "month", "number"], name="partnerstatement_number"),
            models.UniqueConstraint(
                fields=["partner", "month"], name="partnerstatement_one_valid", condition=~Q(state="withdrawn")
            ),
            models.CheckConstraint(condition=Q(month__day=1), name="partnerstatement_month"),
        ]
        triggers = [
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(name="frozen", exclude=["state"]),
            path("state", [("matched", "settled"), ("matched", "withdrawn")]),
            keep_whole(),
        ]

    def __str__(self) -> str:
        return f"{self.month:%Y-%m} #{self.number}"


class StatementLine(models.Model):
    """A line, or (`missing_there`) a fulfilment that has none; its verdict never changes, its resolution may."""

    class Verdict(models.TextChoices):
        MATCHED = "matched", _("matched")
        MISSING_HERE = "missing_here", _("missing here")
        MISSING_THERE = "missing_there", _("missing there")
        AMOUNT_DIFFERS = "amount_differs", _("amount differs")
        STATE_DIFFERS = "state_differs", _("state differs")
        DUPLICATE = "duplicate", _("duplicate")

    class Resolution(models.TextChoices):
        """What was decided; the amount that is accepted follows (services/settlements.py)."""

        OPEN = "open", _("open")
        ACCEPT_THEIRS = "accept_theirs", _("their line is right")
        ACCEPT_OURS = "accept_ours", _("ours is right")
        WRITE_OFF = "write_off", pgettext_lazy("line of a statement", "written off")
        DISPUTE = "dispute", _("disputed with the partner")

    statement = models.ForeignKey(
        PartnerStatement, models.PROTECT, related_name="lines", db_index=False, verbose_name=_("statement")
    )
    # None: missing there.
    line = models.PositiveIntegerField(_("line"), null=True, blank=True)
    order = models.CharField(_("our number"), max_length=64, blank=True)
    reference = models.CharField(_("partner's number"), max_length=128, blank=True)
    sku = models.CharField(_("partner's product number"), max_length=64, blank=True)
    state = models.CharField(_("state"), max_length=16, blank=True)
    amount = models.DecimalField(_("amount (CNY)"), max_digits=14, decimal_places=4, null=True, blank=True)
    expected = models.DecimalField(_("expected (CNY)"), max_digits=14, decimal_places=4, null=True, blank=True)
    expected_state = models.CharField(_("expected state"), max_length=16, blank=True)
    verdict = models.CharField(_("verdict"), max_length=16, choices=Verdict)
    fulfilment = models.ForeignKey(
        Fulfilment, models.PROTECT, null=True, blank=True, related_name="+", db_index=False, db_constraint=False,
        verbose_name=_("fulfilment"),
    )
    offer = models.ForeignKey(
        Offer, models.PROTECT, null=True, blank=True, related_name="+", db_index=False, db_constraint=False,
        verbose_name=_("offer"),
    )
    resolution = models.CharField(
        _("resolution"), max_length=16, choices=Resolution, default=Resolution.OPEN, db_default=Resolution.OPEN
    )
    note = models.CharField(_("note"), max_length=200, blank=True, default="", db_default="")
    resolved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", db_index=False,
        verbose_name=_("resolved by"),
    )
    resolved_at = models.DateTimeField(_("resolved at"), null=True, blank=True)

    class Meta:
        verbose_name = _("line of a statement")
        verbose_name_plural = _("lines of statements")
        constraints = [
            models.CheckConstraint(
                condition=Q(verdict="missing_there", line=None) | (~Q(verdict="missing_there") & Q(line__isnull=False)),
                name="statementline_line",
            ),
        ]
        indexes = [
            models.Index(fields=["statement", "line"], name="statementline_of"),
            models.Index(fields=["order"], name="statementline_by_order"),
            # The work list.
            models.Index(
                fields=["statement", "verdict", "id"], name="statementline_differs", condition=~Q(verdict="matched")
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(name="frozen", exclude=["resolution", "note", "resolved_by", "resolved_at"]),
            keep_whole(),
        ]

    def __str__(self) -> str:
        return self.order or str(self.line)


@track(owner="partner")
class Settlement(models.Model):
    """What is owed to a partner for a month. Closed, it never changes."""

    class State(models.TextChoices):
        DRAFT = "draft", _("draft")
        SUBMITTED = "submitted", _("waits for approval")
        CLOSED = "closed", _("closed")

    partner = models.ForeignKey(Partner, models.PROTECT, related_name="settlements", verbose_name=_("partner"))
    month = models.DateField(_("month"))
    statement = models.ForeignKey(
        PartnerStatement, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("statement")
    )
    state = models.CharField(_("state"), max_length=16, choices=State, default=State.DRAFT)
    # What stands on its lines and adjustments.
    total = models.DecimalField(_("total (CNY)"), max_digits=16, decimal_places=2, default=Decimal(0))
    drafted_at = models.DateTimeField(_("drafted at"))
    closed_on = models.DateField(pgettext_lazy("of a settlement", "closed on"), null=True, blank=True)

    class Meta:
        verbose_name = _("settlement")
        verbose_name_plural = _("settlements")
        permissions = [
            ("draft_settlement", _("Can draft and adjust settlements")),
            ("export_settlement", _("Can export settlements")),
        ]
        constraints = [
            models.UniqueConstraint(fields=["partner", "month"], name="settlement_once_a_month"),
            models.CheckConstraint(condition=Q(month__day=1), name="settlement_month"),
            models.CheckConstraint(
                condition=Q(state="closed", closed_on__isnull=False) | (~Q(state="closed") & Q(closed_on=None)),
                name="settlement_closed_on",
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="closed_is_locked", operation=pgtrigger.Update, condition=pgtrigger.Q(old__state="closed")
            ),
            pgtrigger.ReadOnly(name="frozen", fields=["id", "partner", "month"]),
            path("state", [("draft", "submitted"), ("submitted", "draft"), ("submitted", "closed")]),
            keep_whole(),
        ]

    def __str__(self) -> str:
        return f"{self.month:%Y-%m}"


def _of_open_settlement() -> pgtrigger.Trigger:
    """Nothing is written to, or taken from, a settlement that is closed."""
    return pgtrigger.Trigger(
        name="of_open_settlement", operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
        when=pgtrigger.Before,
        declare=[("settlement", "bigint")],
        func=(
            "settlement := CASE WHEN TG_OP = 'DELETE' THEN OLD.settlement_id ELSE NEW.settlement_id END;"
            " PERFORM 1 FROM partners_settlement WHERE id = settlement FOR SHARE;"
            " IF EXISTS (SELECT 1 FROM partners_settlement WHERE id = settlement AND state = 'closed') THEN"
            " RAISE EXCEPTION 'settlement % is closed', settlement USING ERRCODE = 'check_violation'; END IF;"
            " IF TG_OP = 'DELETE' THEN RETURN OLD; END IF; RETURN NEW;"
        ),
    )


class SettlementLine(models.Model):
    """Of an offer and a unit cost: how many units are owed, or were drawn from what is prepaid."""

    class Source(models.TextChoices):
        STATEMENT = "statement", _("the partner's statement")
        OWN = "own", _("our own records")
        # Drawn from what was paid in advance: told, but not owed once more.
        PREPAID = "prepaid", _("our own records, prepaid")

    settlement = models.ForeignKey(
        Settlement, models.PROTECT, related_name="lines", verbose_name=_("settlement")
    )
    offer = models.ForeignKey(Offer, models.PROTECT, related_name="+", db_index=False, verbose_name=_("offer"))
    source = models.CharField(
        _("source"), max_length=16, choices=Source, default=Source.STATEMENT, db_default=Source.STATEMENT
    )
    units = models.BigIntegerField(_("units"))
    unit_cost = models.DecimalField(_("unit cost (CNY)"), max_digits=12, decimal_places=4)
    amount = models.DecimalField(_("amount (CNY)"), max_digits=16, decimal_places=2)

    class Meta:
        verbose_name = _("line of a settlement")
        verbose_name_plural = _("lines of settlements")
        constraints = [
            models.UniqueConstraint(fields=["settlement", "offer", "unit_cost"], name="settlementline_once")
        ]
        # A new draft takes the lines away and writes others.
        triggers = [
            pgtrigger.Protect(name="never_changed", operation=pgtrigger.Update), _of_open_settlement(), keep_whole(),
        ]

    def __str__(self) -> str:
        return str(self.amount)


class SettlementAdjustment(models.Model):
    """An amount added or taken off, with its reason."""

    settlement = models.ForeignKey(
        Settlement, models.PROTECT, related_name="adjustments", verbose_name=_("settlement")
    )
    key = models.CharField(_("key"), max_length=64)
    amount = models.DecimalField(_("amount (CNY)"), max_digits=14, decimal_places=2)
    reason = models.CharField(_("reason"), max_length=200)
    on = models.DateField(_("business date"))
    at = models.DateTimeField(_("at"))
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", db_index=False,
        verbose_name=_("operator"),
    )

    class Meta:
        verbose_name = _("adjustment of a settlement")
        verbose_name_plural = _("adjustments of settlements")
        constraints = [
            models.UniqueConstraint(fields=["settlement", "key"], name="settlementadjustment_key"),
            models.CheckConstraint(condition=~Q(reason=""), name="settlementadjustment_reason"),
        ]
        indexes = [by_instant("at", name="settlementadjustment_by_instant")]
        triggers = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete),
            _of_open_settlement(),
            keep_whole(),
        ]

    def __str__(self) -> str:
        return str(self.amount)

"""Status match: a tier here for a tier there, and the other way round; and gifts for who is new at a partner."""

from datetime import date
from typing import Self

import pgtrigger
from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Func, Q
from django.utils.translation import gettext_lazy as _

from benefits.models import Benefit
from memberships.models import Member, Programme, Tier
from operations.audit import track
from operations.paths import path
from partners.models.partners import Partner


@track(owner="partner")
class StatusMatchRule(models.Model):
    """Which tier is worth which, for how long. Ends; another begins."""

    class Direction(models.TextChoices):
        OUTBOUND = "outbound", _("our tier gives theirs")
        INBOUND = "inbound", _("their tier gives ours")

    partner = models.ForeignKey(Partner, models.PROTECT, related_name="match_rules", verbose_name=_("partner"))
    code = models.SlugField(_("code"), max_length=64)
    direction = models.CharField(_("direction"), max_length=8, choices=Direction)
    tier = models.ForeignKey(Tier, models.PROTECT, related_name="+", verbose_name=_("our tier"))
    partner_tier = models.CharField(_("partner's tier"), max_length=64)
    # A match holds so long; a renewal begins where the last one ended, if the tier is still there.
    months = models.PositiveSmallIntegerField(_("holds for (months)"), validators=[MinValueValidator(1)])
    is_renewed = models.BooleanField(_("renewed while the tier lasts"), default=False)
    starts_on = models.DateField(_("from"))
    ends_on = models.DateField(_("until (last day)"), null=True, blank=True)

    class Meta:
        verbose_name = _("rule of status match")
        verbose_name_plural = _("rules of status match")
        constraints = [
            models.UniqueConstraint(fields=["partner", "code", "starts_on"], name="statusmatchrule_once"),
            models.CheckConstraint(condition=Q(months__gte=1), name="statusmatchrule_months"),
            models.CheckConstraint(
                condition=Q(ends_on=None) | Q(ends_on__gte=F("starts_on")), name="statusmatchrule_days"
            ),
        ]

    def __str__(self) -> str:
        return self.code


class StatusMatchQuerySet(models.QuerySet["StatusMatch"]):
    """Matches by day."""

    def valid(self, *, on: date) -> Self:
        """First and last day included."""
        return self.filter(valid_from__lte=on, valid_until__gte=on, state=StatusMatch.State.ACTIVE)


# How often the partner was told is no business of the trail.
@track(owner="member", exclude=["attempts", "next_attempt_at", "dead_at", "error"])
class StatusMatch(models.Model):
    """A member's match at a partner, one for a direction and period."""

    class State(models.TextChoices):
        # Outbound: the partner has not answered yet.
        REQUESTED = "requested", _("requested")
        ACTIVE = "active", _("active")
        ENDED = "ended", _("ended")
        REVOKED = "revoked", _("revoked")
        REFUSED = "refused", _("refused")

    member = models.ForeignKey(
        Member, models.PROTECT, related_name="status_matches", db_index=False, verbose_name=_("member")
    )
    partner = models.ForeignKey(Partner, models.PROTECT, related_name="+", db_index=False, verbose_name=_("partner"))
    rule = models.ForeignKey(
        StatusMatchRule, models.PROTECT, related_name="matches", db_index=False, verbose_name=_("rule")
    )
    direction = models.CharField(_("direction"), max_length=8, choices=StatusMatchRule.Direction)
    key = models.CharField(_("our number"), max_length=64)
    reference = models.CharField(_("partner's number"), max_length=128, blank=True)
    # What it rests on: the tier and since when, the partner's card number and event, or what an operator saw.
    evidence = models.JSONField(_("evidence"), default=dict)
    valid_from = models.DateField(_("valid from"))
    valid_until = models.DateField(_("valid until"))
    state = models.CharField(_("state"), max_length=16, choices=State)
    renews = models.OneToOneField(
        "self", models.PROTECT, null=True, blank=True, related_name="renewed_by", verbose_name=_("renews")
    )
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    next_attempt_at = models.DateTimeField(_("next attempt at"), null=True, blank=True)
    # In the dead letters since; why stands in `error`.
    dead_at = models.DateTimeField(_("given up at"), null=True, blank=True)
    error = models.CharField(_("error"), max_length=200, blank=True)
    ended_on = models.DateField(_("ended on"), null=True, blank=True)
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    on = models.DateField(_("business date"))
    at = models.DateTimeField(_("at"))
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", db_index=False,
        verbose_name=_("operator"),
    )

    objects = StatusMatchQuerySet.as_manager()

    class Meta:
        verbose_name = _("status match")
        verbose_name_plural = _("status matches")
        permissions = [("match_status", _("Can match and revoke status"))]
        constraints = [
            models.UniqueConstraint(fields=["key"], name="statusmatch_key"),
            models.CheckConstraint(condition=Q(valid_until__gte=F("valid_from")), name="statusmatch_days"),
            ExclusionConstraint(
                name="statusmatch_one_a_period",
                expressions=[
                    ("member", RangeOperators.EQUAL),
                    ("partner", RangeOperators.EQUAL),
                    ("direction", RangeOperators.EQUAL),
                    (
                        Func(
                            F("valid_from"), F("valid_until"), models.Value("[]"),
                            function="daterange", output_field=DateRangeField(),
                        ),
                        RangeOperators.OVERLAPS,
                    ),
                ],
                condition=Q(state__in=["requested", "active", "ended"]),
            ),
        ]
        indexes = [
            models.Index(fields=["member", "-id"], name="statusmatch_of_member"),
            models.Index(
                fields=["next_attempt_at", "id"], name="statusmatch_due", condition=Q(next_attempt_at__isnull=False)
            ),
            # What a partner has not been told yet, for its health.
            models.Index(
                fields=["partner", "id"], name="statusmatch_untold", condition=Q(next_attempt_at__isnull=False)
            ),
            models.Index(fields=["valid_until", "member"], name="statusmatch_ends", condition=Q(state="active")),
            models.Index(fields=["partner", "id"], name="statusmatch_dead", condition=Q(dead_at__isnull=False)),
        ]
        triggers = [
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(
                name="frozen",
                fields=["id", "member", "partner", "rule", "direction", "key", "evidence", "valid_from", "on", "at"],
            ),
            path(
                "state", [
                    ("requested", "active"), ("requested", "refused"), ("requested", "revoked"), ("active", "ended"),
                    ("active", "revoked"),
                ],
            ),
        ]

    def __str__(self) -> str:
        return self.key


@track(owner="partner")
class RegistrationGift(models.Model):
    """A benefit that a member gets, once, for registering anew at a partner (`member.registered`)."""

    partner = models.ForeignKey(Partner, models.PROTECT, related_name="registration_gifts", verbose_name=_("partner"))
    programme = models.ForeignKey(Programme, models.PROTECT, related_name="+", verbose_name=_("programme"))
    benefit = models.ForeignKey(Benefit, models.PROTECT, related_name="+", verbose_name=_("benefit"))
    starts_on = models.DateField(_("from"))
    ends_on = models.DateField(_("until (last day)"), null=True, blank=True)

    class Meta:
        verbose_name = _("gift for registering")
        verbose_name_plural = _("gifts for registering")
        constraints = [
            models.UniqueConstraint(fields=["partner", "benefit", "starts_on"], name="registrationgift_once"),
            models.CheckConstraint(
                condition=Q(ends_on=None) | Q(ends_on__gte=F("starts_on")), name="registrationgift_days"
            ),
        ]

    def __str__(self) -> str:
        return str(self.benefit)

"""What a member gets to choose: N of the benefits of a group, in each of its windows."""

from decimal import Decimal

import pgtrigger
from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from benefits.models.benefits import Basis, Benefit, Window
from memberships.models import Member, Programme
from memberships.models.programmes import Named
from operations.audit import keep_whole, track


@track(owner="programme")
class ChoiceGroup(Named):
    """Options of which a member picks some in each window; benefit rules that name it count for what was picked."""

    programme = models.ForeignKey(Programme, models.PROTECT, related_name="choice_groups", verbose_name=_("programme"))
    code = models.SlugField(_("code"), max_length=64)
    picks = models.PositiveSmallIntegerField(_("may be chosen"), default=1, validators=[MinValueValidator(1)])
    window = models.CharField(_("window"), max_length=8, choices=Window, default=Window.TERM)
    basis = models.CharField(_("window begins"), max_length=12, choices=Basis, default=Basis.CALENDAR)
    # On the first so many days of a window; then the defaults hold for what was not chosen. None: to its last day.
    deadline_days = models.PositiveSmallIntegerField(_("to be chosen within (days)"), null=True, blank=True)
    # How often in a window an option may be exchanged for another, before its first use; also after the deadline.
    swaps = models.PositiveSmallIntegerField(_("swaps"), default=0)
    # What the options of a member may cost together.
    cost_cap = models.DecimalField(_("highest cost (CNY)"), max_digits=12, decimal_places=2, null=True, blank=True)
    retired_on = models.DateField(_("retired on"), null=True, blank=True)

    class Meta:
        verbose_name = _("choice group")
        verbose_name_plural = _("choice groups")
        constraints = [
            models.UniqueConstraint(fields=["programme", "code"], name="choicegroup_code"),
            models.CheckConstraint(condition=Q(picks__gte=1), name="choicegroup_picks"),
            models.CheckConstraint(
                condition=Q(deadline_days=None) | Q(deadline_days__gte=1), name="choicegroup_deadline"
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(name="frozen", fields=["id", "programme", "code"]),
        ]


@track(owner="group")
class ChoiceOption(models.Model):
    """A benefit that may be chosen in a group."""

    group = models.ForeignKey(ChoiceGroup, models.CASCADE, related_name="options", verbose_name=_("choice group"))
    benefit = models.ForeignKey(Benefit, models.PROTECT, related_name="options", verbose_name=_("benefit"))
    rank = models.PositiveSmallIntegerField(_("rank"))
    # For those who don't choose, in the order of ranks.
    is_default = models.BooleanField(_("default"), default=False)
    # Of the window, for the group's cap.
    cost = models.DecimalField(_("cost (CNY)"), max_digits=12, decimal_places=2, default=Decimal(0))

    class Meta:
        verbose_name = _("option")
        verbose_name_plural = _("options")
        ordering = ["group", "rank"]
        constraints = [
            models.UniqueConstraint(fields=["group", "benefit"], name="choiceoption_once"),
            models.UniqueConstraint(
                fields=["group", "rank"], name="choiceoption_rank", deferrable=models.Deferrable.DEFERRED
            ),
            models.CheckConstraint(condition=Q(cost__gte=0), name="choiceoption_cost"),
        ]

    def __str__(self) -> str:
        return str(self.benefit)


class FormerChoiceGroup(models.Model):
    """What a choice group was, with its options, until a day on which it became another. Only grows.

    Of a day between two of them the later one tells; after the last of them, the group itself.
    """

    group = models.ForeignKey(
        ChoiceGroup, models.PROTECT, related_name="former", db_index=False, verbose_name=_("choice group")
    )
    until = models.DateField(_("until (not included)"))
    picks = models.PositiveSmallIntegerField(_("may be chosen"))
    window = models.CharField(_("window"), max_length=8, choices=Window)
    basis = models.CharField(_("window begins"), max_length=12, choices=Basis)
    deadline_days = models.PositiveSmallIntegerField(_("to be chosen within (days)"), null=True, blank=True)
    cost_cap = models.DecimalField(_("highest cost (CNY)"), max_digits=12, decimal_places=2, null=True, blank=True)
    # In the order of ranks: {"benefit": its key, "rank", "is_default", "cost"}.
    options = models.JSONField(_("options"))

    class Meta:
        verbose_name = _("former choice group")
        verbose_name_plural = _("former choice groups")
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["group", "until"], name="formerchoicegroup_once")]
        triggers = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete),
            keep_whole(),
        ]

    def __str__(self) -> str:
        return f"{self.group_id} · {self.until}"


class Choice(models.Model):
    """A benefit that a member chose for a window. Only grows, but for the day on which it was exchanged."""

    member = models.ForeignKey(
        Member, models.PROTECT, related_name="choices", db_index=False, verbose_name=_("member")
    )
    group = models.ForeignKey(
        ChoiceGroup, models.PROTECT, related_name="+", db_index=False, verbose_name=_("choice group")
    )
    benefit = models.ForeignKey(Benefit, models.PROTECT, related_name="+", db_index=False, verbose_name=_("benefit"))
    key = models.CharField(_("key"), max_length=64)
    # Of the group's window (benefits_window): its first day, and the first one after it (none: no end).
    window_from = models.DateField(_("window from"))
    window_until = models.DateField(_("window until (not included)"), null=True, blank=True)
    # From which the days to choose in it are counted.
    opened_on = models.DateField(_("to be chosen from"), null=True, blank=True)
    # The default that a swap put away: written then, so that it is known what was there.
    is_default = models.BooleanField(_("by default"), default=False)
    replaces = models.OneToOneField(
        "self", models.PROTECT, null=True, blank=True, related_name="replaced_by", verbose_name=_("instead of")
    )
    swapped_on = models.DateField(_("exchanged on"), null=True, blank=True)
    on = models.DateField(_("business date"))
    at = models.DateTimeField(_("at"))
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", db_index=False,
        verbose_name=_("operator"),
    )
    reason = models.CharField(_("reason"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("choice")
        verbose_name_plural = _("choices")
        permissions = [("choose_benefit", _("Can choose benefits for a member"))]
        constraints = [
            models.UniqueConstraint(fields=["member", "key"], name="choice_key"),
            models.UniqueConstraint(
                fields=["member", "group", "window_from", "benefit"], name="choice_once_a_window",
                condition=Q(swapped_on=None),
            ),
            models.CheckConstraint(
                condition=Q(window_until=None) | Q(window_until__gt=F("window_from")), name="choice_window_of_days"
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(name="frozen", exclude=["swapped_on"]),
            keep_whole(),
        ]

    def __str__(self) -> str:
        return str(self.benefit)

"""Credit lines: what a firm may owe. The line is the row to lock before anything of it changes.

What must hold, at all times (`manage.py audit_books` checks it; models/entries.py has the accounts):

    authorised of a line  = debits less credits of its entries on `authorised`  = what its held authorisations hold
    open of a line        = the same on `receivable`                            = what is outstanding of its invoices
    unapplied of a line   = credits less debits on `unapplied`                  = what is unapplied of its receipts
    receipts              = allocations + refunds - claims of refunds + bounces + unapplied
    available             = limit of the day - open - authorised; no authorisation or invoice makes it negative
"""

from datetime import date
from decimal import Decimal
from typing import Self

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Case, F, Q, When
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from memberships.models import CreditRequest, Member, Programme, Subscription
from operations.audit import by_instant, keep_whole, track
from operations.models import Approval
from operations.paths import path


class OverdueState(models.TextChoices):
    """How far the reminders of a line have come; the days are the policy's."""

    NONE = "none", _("not overdue")
    REMINDER = "reminder", _("reminder")
    WARNING = "warning", _("warning")
    HOLD = "hold", _("hold")
    COLLECTION = "collection", _("collection")


class CreditLineQuerySet(models.QuerySet["CreditLine"]):
    """Lines by state."""

    def not_closed(self) -> Self:
        """On which something may be owed."""
        return self.exclude(state=CreditLine.State.CLOSED)

    def in_use(self) -> Self:
        """Those that are not closed; of a firm and programme the one first that is meant where nothing names another:
        the active one, else the newest (sql/lines/in_use.sql)."""
        is_lapsed = Case(When(state=CreditLine.State.LAPSED, then=1), default=0)
        return self.not_closed().order_by(is_lapsed, "-pk")

    def review_overdue(self, *, on: date) -> Self:
        """Whose review should have been before that day."""
        return self.not_closed().filter(review_on__lt=on)


# Balances follow from the entries, which are a ledger; overdue facts from the invoices and the day.
@track(
    owner="member",
    exclude=[
        "open_amount", "authorised_amount", "unapplied_amount", "overdue_amount", "overdue_since", "overdue_state",
    ],
)
class CreditLine(models.Model):
    """A firm's credit in a programme. Its limit and terms are dated versions of it (LineVersion)."""

    class State(models.TextChoices):
        ACTIVE = "active", _("active")
        # The card is over: nothing new is drawn, what is open stays due, and the line closes when it is paid.
        LAPSED = "lapsed", _("card lapsed")
        CLOSED = "closed", pgettext_lazy("credit line", "closed")

    member = models.ForeignKey(
        Member, models.PROTECT, related_name="credit_lines", db_index=False, verbose_name=_("member")
    )
    programme = models.ForeignKey(Programme, models.PROTECT, related_name="+", verbose_name=_("programme"))
    # The card that carries it now.
    subscription = models.ForeignKey(
        Subscription, models.PROTECT, related_name="+", db_index=False, verbose_name=_("card")
    )
    state = models.CharField(
        _("state"), max_length=16, choices=State, default=State.ACTIVE, db_default=State.ACTIVE
    )
    opened_on = models.DateField(_("opened on"))
    # Suspended by hand, whatever the state: no new draws.
    suspended_on = models.DateField(_("suspended on"), null=True, blank=True)
    suspension_reason = models.CharField(_("reason of the suspension"), max_length=200, blank=True)
    lapsed_on = models.DateField(_("card lapsed on"), null=True, blank=True)
    closed_on = models.DateField(_("closed on"), null=True, blank=True)
    # It is asked to be closed: no new draws, and closed once nothing is open.
    closing_on = models.DateField(_("to be closed since"), null=True, blank=True)
    review_on = models.DateField(_("next review"), null=True, blank=True)
    open_amount = models.DecimalField(
        _("open (CNY)"), max_digits=16, decimal_places=2, default=Decimal(0), db_default=Decimal(0)
    )
    authorised_amount = models.DecimalField(
        _("authorised (CNY)"), max_digits=16, decimal_places=2, default=Decimal(0), db_default=Decimal(0)
    )
    unapplied_amount = models.DecimalField(
        _("unapplied credit (CNY)"), max_digits=16, decimal_places=2, default=Decimal(0), db_default=Decimal(0)
    )
    # As the last night saw it (jobs/ageing.py); what blocks a draw is asked of the invoices themselves.
    overdue_state = models.CharField(
        _("overdue state"), max_length=16, choices=OverdueState, default=OverdueState.NONE,
        db_default=OverdueState.NONE,
    )
    overdue_since = models.DateField(_("overdue since"), null=True, blank=True)
    overdue_amount = models.DecimalField(
        _("overdue (CNY)"), max_digits=16, decimal_places=2, default=Decimal(0), db_default=Decimal(0)
    )

    objects = CreditLineQuerySet.as_manager()

    class Meta:
        verbose_name = _("credit line")
        verbose_name_plural = _("credit lines")
        permissions = [
            ("decide_credit", _("Can decide about credit: requests, limits, terms, increases")),
            ("suspend_creditline", _("Can suspend credit lines and take them up again")),
            ("export_creditline", _("Can export credit lines, ageing and statements")),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["member", "programme"], condition=Q(state="active"), name="creditline_one_active"
            ),
            models.CheckConstraint(
                condition=Q(open_amount__gte=0, authorised_amount__gte=0, unapplied_amount__gte=0),
                name="creditline_nothing_negative",
            ),
            models.CheckConstraint(
                condition=Q(state="closed", closed_on__isnull=False, open_amount=0, authorised_amount=0)
                | (~Q(state="closed") & Q(closed_on=None)),
                name="creditline_closed_with_nothing_open",
            ),
            models.CheckConstraint(
                condition=Q(state="active", lapsed_on=None) | Q(state="lapsed", lapsed_on__isnull=False)
                | Q(state="closed"),
                name="creditline_lapsed_on",
            ),
            models.CheckConstraint(
                condition=Q(suspended_on=None, suspension_reason="")
                | (Q(suspended_on__isnull=False) & ~Q(suspension_reason="")),
                name="creditline_suspended_for_a_reason",
            ),
        ]
        indexes = [
            models.Index(fields=["member", "-id"], name="creditline_of_member"),
            models.Index(fields=["review_on", "id"], name="creditline_by_review", condition=~Q(state="closed")),
            models.Index(
                fields=["suspended_on", "id"], name="creditline_suspended", condition=Q(suspended_on__isnull=False)
            ),
            models.Index(
                fields=["-overdue_amount", "id"], name="creditline_overdue", condition=Q(overdue_amount__gt=0)
            ),
            # Those of a state, which may be few among very many.
            models.Index(
                fields=["overdue_state", "-overdue_amount", "-id"], name="creditline_overdue_by_state",
                condition=Q(overdue_amount__gt=0),
            ),
            # What lists are narrowed to, but for what nearly all are, which needs none.
            models.Index(fields=["state", "id"], name="creditline_by_state", condition=~Q(state="active")),
            models.Index(
                fields=["overdue_state", "id"], name="creditline_by_overdue_state", condition=~Q(overdue_state="none")
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(name="frozen", fields=["id", "member", "programme", "opened_on"]),
            # What was paid when it closed is owed again when the payment bounces: nothing new is drawn on it, though
            # the firm may have a newer one.
            path(
                "state", [
                    ("active", "lapsed"), ("lapsed", "active"), ("active", "closed"), ("lapsed", "closed"),
                    ("closed", "lapsed"),
                ],
            ),
            keep_whole(),
        ]

    def __str__(self) -> str:
        return f"{Member(pk=self.member_id).number}"


def two_people(name: str, *, maker: str = "maker") -> models.CheckConstraint:
    """Whoever asked (the field of that name) is not who approved; who approved is named by the request."""
    both = {"checker__isnull": False, "approval__isnull": False, f"{maker}__isnull": False}
    return models.CheckConstraint(
        condition=Q(checker=None, approval=None) | (Q(**both) & ~Q(checker=F(maker))), name=name
    )


class Decided(models.Model):
    """Who asked for something that moves a limit or money, and who approved it, where that took two."""

    maker = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", db_index=False,
        verbose_name=_("requested by"),
    )
    checker = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", db_index=False,
        verbose_name=_("approved by"),
    )
    approval = models.ForeignKey(
        Approval, models.PROTECT, null=True, blank=True, related_name="+", db_index=False, verbose_name=_("approval")
    )
    reason = models.CharField(_("reason"), max_length=200)
    at = models.DateTimeField(_("at"))

    class Meta:
        abstract = True


class LineVersionQuerySet(models.QuerySet["LineVersion"]):
    """Versions by day."""

    def in_force(self, *, on: date) -> Self:
        """Of each line the one that holds on that day: of those that have begun the last one that was made."""
        return self.filter(starts_on__lte=on).order_by("line", "-starts_on", "-number").distinct("line")


class LineVersion(Decided):
    """Limit and terms of a line from a day on. Only grows; of versions of one day the last one counts."""

    line = models.ForeignKey(
        CreditLine, models.PROTECT, related_name="versions", db_index=False, verbose_name=_("credit line")
    )
    member = models.ForeignKey(Member, models.PROTECT, related_name="+", db_index=False, verbose_name=_("member"))
    number = models.PositiveIntegerField(_("version"))
    limit = models.DecimalField(_("limit (CNY)"), max_digits=14, decimal_places=2)
    # A term rule (credit/terms/rules.py).
    terms = models.JSONField(pgettext_lazy("credit", "terms"))
    starts_on = models.DateField(_("from"))
    # What the decision rested on, as figures and sentences of then.
    evidence = models.JSONField(_("evidence"), default=dict, blank=True)

    objects = LineVersionQuerySet.as_manager()

    class Meta:
        verbose_name = _("version of a credit line")
        verbose_name_plural = _("versions of credit lines")
        constraints = [
            models.UniqueConstraint(fields=["line", "number"], name="lineversion_number"),
            models.CheckConstraint(condition=Q(limit__gte=0), name="lineversion_limit_not_negative"),
            models.CheckConstraint(condition=~Q(reason=""), name="lineversion_with_reason"),
            two_people("lineversion_two_people"),
        ]
        indexes = [
            models.Index(
                fields=["line", "-starts_on", "-number"], include=["limit"], name="lineversion_in_force"
            ),
            by_instant("at", name="lineversion_by_instant"),
        ]
        triggers = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete),
            keep_whole(),
        ]

    def __str__(self) -> str:
        return f"{self.limit:,.2f} · {self.starts_on}"


@track(owner="member")
class TemporaryIncrease(Decided):
    """So much more than the limit, from a day to a day, both included; it may be ended before its time."""

    line = models.ForeignKey(
        CreditLine, models.PROTECT, related_name="increases", db_index=False, verbose_name=_("credit line")
    )
    member = models.ForeignKey(Member, models.PROTECT, related_name="+", db_index=False, verbose_name=_("member"))
    key = models.CharField(_("key"), max_length=64)
    amount = models.DecimalField(_("increase (CNY)"), max_digits=14, decimal_places=2)
    starts_on = models.DateField(_("from"))
    ends_on = models.DateField(_("until (last day)"))

    class Meta:
        verbose_name = _("temporary increase")
        verbose_name_plural = _("temporary increases")
        constraints = [
            models.UniqueConstraint(fields=["member", "key"], name="temporaryincrease_key"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="temporaryincrease_of_something"),
            # Ended on its first day it holds on none: the day before is its last.
            models.CheckConstraint(
                condition=Q(ends_on__gte=F("starts_on") - 1), name="temporaryincrease_days"
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="temporaryincrease_with_reason"),
            two_people("temporaryincrease_two_people"),
        ]
        indexes = [models.Index(fields=["line", "ends_on"], include=["starts_on", "amount"], name="increase_of_line")]
        triggers = [
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(name="frozen", exclude=["ends_on"]),
            pgtrigger.Protect(
                name="only_shortened", operation=pgtrigger.Update,
                condition=pgtrigger.Q(new__ends_on__gt=pgtrigger.F("old__ends_on")),
            ),
            keep_whole(),
        ]

    def __str__(self) -> str:
        return f"{self.amount:,.2f} · {self.ends_on}"


class CreditDecision(Decided):
    """What became of a request, with what it rested on. Only grows."""

    class Outcome(models.TextChoices):
        GRANTED = "granted", _("granted")
        DECLINED = "declined", pgettext_lazy("credit request", "declined")

    request = models.OneToOneField(
        CreditRequest, models.PROTECT, related_name="decision", verbose_name=_("credit request")
    )
    member = models.ForeignKey(Member, models.PROTECT, related_name="+", db_index=False, verbose_name=_("member"))
    outcome = models.CharField(_("outcome"), max_length=16, choices=Outcome)
    # What was granted: less, perhaps, than what was asked for.
    version = models.OneToOneField(
        LineVersion, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("version of the line")
    )
    evidence = models.JSONField(_("evidence"), default=dict, blank=True)
    on = models.DateField(_("business date"))

    class Meta:
        verbose_name = _("credit decision")
        verbose_name_plural = _("credit decisions")
        constraints = [
            models.CheckConstraint(
                condition=Q(outcome="granted", version__isnull=False) | Q(outcome="declined", version=None),
                name="creditdecision_grants_a_version",
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="creditdecision_with_reason"),
            two_people("creditdecision_two_people"),
        ]
        indexes = [
            models.Index(fields=["member", "-id"], name="creditdecision_of_member"),
            by_instant("at", name="creditdecision_by_instant"),
        ]
        triggers = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete),
            keep_whole(),
        ]

    def __str__(self) -> str:
        return f"{self.get_outcome_display()} · {self.on}"


@track(owner="member")
class BlockingExclusion(Decided):
    """A blocking rule that does not stop a line's draws until a day, the last one included."""

    line = models.ForeignKey(
        CreditLine, models.PROTECT, related_name="exclusions", db_index=False, verbose_name=_("credit line")
    )
    member = models.ForeignKey(Member, models.PROTECT, related_name="+", db_index=False, verbose_name=_("member"))
    # The code of a rule of the policy.
    rule = models.SlugField(_("blocking rule"), max_length=64)
    starts_on = models.DateField(_("from"))
    ends_on = models.DateField(_("until (last day)"))

    class Meta:
        verbose_name = _("exclusion from a blocking rule")
        verbose_name_plural = _("exclusions from blocking rules")
        constraints = [
            models.CheckConstraint(condition=Q(ends_on__gte=F("starts_on") - 1), name="blockingexclusion_days"),
            models.CheckConstraint(condition=~Q(reason=""), name="blockingexclusion_with_reason"),
            two_people("blockingexclusion_two_people"),
        ]
        indexes = [models.Index(fields=["line", "rule", "ends_on"], name="blockingexclusion_of_line")]
        triggers = [
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(name="frozen", exclude=["ends_on"]),
            keep_whole(),
        ]

    def __str__(self) -> str:
        return f"{self.rule} · {self.ends_on}"

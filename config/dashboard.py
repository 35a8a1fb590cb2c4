"""The first page: how many, what is to be done, and what went on lately. Every figure is bounded or estimated."""

from datetime import timedelta
from typing import Any, cast

from django.contrib import admin
from django.core.cache import cache
from django.db.models import Model
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from credit.admin.lines import ToDoFilter as LinesToDo
from credit.admin.receipts import ToDoFilter as ReceiptsToDo
from credit.admin.requests import ToDoFilter as RequestsToDo
from credit.models import CreditLine, Receipt
from memberships.admin.display import today
from memberships.admin.payment_filters import StateFilter
from memberships.admin.quick_filters import KEPT_SECONDS, MOST, QuickFilter, count_choice, figure
from memberships.admin.subscription_filters import StandingFilter
from memberships.models import (
    CreditRequest,
    Enrolment,
    EnterpriseCustomer,
    Member,
    Payment,
    PointsLot,
    Subscription,
)
from operations.admin.counts import count_rows
from operations.admin.job_pages import STATE_COLOURS
from operations.models import Approval, ImportBatch, JobRun, User
from operations.services.approvals import DECIDE, waiting_for
from partners.admin.health import MOST_PARTNERS, shown_health
from partners.models import DeadLetter, Partner

RECENT = 5
#: Points that expire so soon are shown.
EXPIRING_DAYS = 30


def dashboard(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """What the user may see of it, by the admins' own permissions."""
    context["figures"] = [
        {
            "label": model._meta.verbose_name_plural,
            "count": count_rows(model._default_manager.all()),
            "url": _list_url(model),
        }
        for model in (Member, EnterpriseCustomer, Subscription)
        if _may_view(request, model)
    ]
    context["to_do"] = [
        *_approvals(request), *_to_do(request, Subscription, StandingFilter), *_to_do(request, Payment, StateFilter),
        *_to_do(request, CreditLine, LinesToDo), *_to_do(request, CreditRequest, RequestsToDo),
        *_to_do(request, Receipt, ReceiptsToDo), *_partners(request), *_expiring(request),
    ]
    context["recent_imports"] = _recent(request, ImportBatch)
    context["last_night"] = _last_night(request)
    return context


def _to_do(request: HttpRequest, model: type[Model], quick: type[QuickFilter]) -> list[dict[str, Any]]:
    """The figures of a list's quick filters, each leading to what it counts."""
    if not _may_view(request, model):
        return []
    return [
        {
            "label": choice.label,
            "of": model._meta.verbose_name_plural,
            "count": figure(count_choice(model, choice, on=today())),
            "url": f"{_list_url(model)}?{quick.parameter_name}={choice.name}",
        }
        for choice in quick.offered
    ]


def _approvals(request: HttpRequest) -> list[dict[str, Any]]:
    """The requests that wait for the user's decision."""
    if not request.user.has_perm(DECIDE):
        return []
    waiting = waiting_for(cast(User, request.user), at=timezone.now()).order_by().values("pk")[: MOST + 1]
    return [{
        "label": _("Waiting for me"), "of": Approval._meta.verbose_name_plural, "count": figure(waiting.count()),
        "url": f"{_list_url(Approval)}?box=for_me",
    }]


def _expiring(request: HttpRequest) -> list[dict[str, Any]]:
    """The lots that expire in the next days, counted as far as a list's figures are."""
    if not _may_view(request, Enrolment):
        return []
    first, last = today() + timedelta(days=1), today() + timedelta(days=EXPIRING_DAYS)
    lots = PointsLot.objects.expiring(first=first, last=last).order_by().values("pk")[: MOST + 1]
    count = cache.get_or_set(f"expiring-lots:{first}", lambda: lots.count(), KEPT_SECONDS) or 0
    return [{
        "label": _("Expire within %(days)s days") % {"days": EXPIRING_DAYS}, "of": _("lots of points"),
        "count": figure(count), "url": _list_url(Enrolment),
    }]


def _partners(request: HttpRequest) -> list[dict[str, Any]]:
    """The partners of whom something is not as it should be, and what nobody works on."""
    found = []
    if _may_view(request, Partner):
        partners = list(Partner.objects.order_by("pk")[:MOST_PARTNERS])
        count = sum(shown["needs_a_look"] for shown in shown_health(partners))
        found.append({
            "label": _("Need a look"), "of": Partner._meta.verbose_name_plural, "count": figure(count),
            "url": reverse("admin:partners_partner_health_overview"),
        })
    if _may_view(request, DeadLetter):
        count = cache.get_or_set(
            "dead-letters", lambda: DeadLetter.objects.values("pk")[: MOST + 1].count(), KEPT_SECONDS
        ) or 0
        found.append({
            "label": _("To be replayed"), "of": DeadLetter._meta.verbose_name_plural, "count": figure(count),
            "url": _list_url(DeadLetter),
        })
    return found


def _last_night(request: HttpRequest) -> list[tuple[JobRun, str]]:
    """The runs of the newest business date that has any, in their order, with the colours of their states."""
    if not _may_view(request, JobRun):
        return []
    nights = JobRun.objects.of_the_night()
    newest = nights.order_by("-pk").values_list("business_date", flat=True).first()
    runs = nights.filter(business_date=newest).order_by("pk") if newest else nights.none()
    return [(run, STATE_COLOURS[JobRun.State(run.state)]) for run in runs]


def _recent(request: HttpRequest, model: type[Model]) -> list[Any]:
    """The newest records of a list, as its admin shows them to this user."""
    if not _may_view(request, model):
        return []
    return list(admin.site._registry[model].get_queryset(request).order_by("-pk")[:RECENT])


def _may_view(request: HttpRequest, model: type[Model]) -> bool:
    model_admin = admin.site._registry.get(model)
    return model_admin is not None and model_admin.has_view_or_change_permission(request)


def _list_url(model: type[Model]) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")

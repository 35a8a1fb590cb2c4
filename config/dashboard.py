"""The first page: how many, and what went on lately. Every figure is bounded or estimated."""

from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from django.urls import reverse

from memberships.models import EnterpriseCustomer, Member, Subscription
from operations.admin.counts import count_rows
from operations.models import ImportBatch, JobRun

RECENT = 5


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
    context["recent_imports"] = _recent(request, ImportBatch)
    context["recent_runs"] = _recent(request, JobRun)
    return context


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

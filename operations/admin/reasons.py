"""Pages that change or show something on one record and ask why: a form, its errors, the way back."""

from typing import Any

from django import forms
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.widgets import UnfoldAdminTextareaWidget

#: As long as Reveal.reason; other reasons keep to it, too.
REASON_LENGTH = 200


class ReasonForm(forms.Form):
    """Why it is done. What is blank but for spaces is no reason."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=REASON_LENGTH,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        help_text=_("Kept in the audit trail. Name no personal data here."),
    )


def ask(
    admin: ModelAdmin, request: HttpRequest, record: Model | None, form: forms.Form, *,
    title: Any, submit_label: Any, note: Any = "", template: str = "operations/reason_form.html", back_url: str = "",
    **context: Any,
) -> HttpResponse:
    """The page with the form; 422 when it comes back with errors. `back_url`: where else than to the record's page."""
    request.current_app = admin.admin_site.name
    page = {
        **admin.admin_site.each_context(request),
        "title": title, "submit_label": submit_label, "note": note, "form": form, "opts": admin.opts,
        "original": record, "back_url": back_url or (record_url(record) if record else ""), **context,
    }
    return TemplateResponse(request, template, page, status=422 if form.errors else 200)


def record_url(record: Model) -> str:
    """The record's page."""
    return reverse(f"admin:{record._meta.app_label}_{record._meta.model_name}_change", args=[record.pk])

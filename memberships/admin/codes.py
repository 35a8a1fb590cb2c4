"""Codes that the desk chooses from, with a name in both languages: they are added and retired, never deleted."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from operations.admin.base import DeskAdmin
from operations.imports.widgets import folded


class CodeForm(forms.ModelForm):  # type: ignore[type-arg]
    """No word of a code is another's, since files name codes by any of them."""

    def clean(self) -> dict[str, Any]:
        """A word is looked at when it is new, or the code is to be chosen again: one that has a double is retired."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        others = type(self.instance)._default_manager.exclude(pk=self.instance.pk)
        taken = {folded(word): other for other in others for word in (other.code, other.name, other.name_en)}
        is_revived = "is_active" in self.changed_data and cleaned.get("is_active")
        for field in ("code", "name", "name_en"):
            other = taken.get(folded(cleaned.get(field) or ""))
            if other is not None and (is_revived or field in self.changed_data):
                self.add_error(field, gettext("“%(code)s” has this name or code already.") % {"code": other.code})
        return cleaned


class CodeAdmin(DeskAdmin):
    """A code stays what it was, since records name it; one that is not chosen any more is retired."""

    form = CodeForm
    list_display = ("name_column", "code", "is_active")
    list_filter = ("is_active",)
    fields = ("code", "name", "name_en", "is_active")

    @admin.display(description=_("name"))
    def name_column(self, record: Model) -> str:
        return str(record)

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        return () if obj is None else ("code",)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

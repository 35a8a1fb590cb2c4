"""Reasons of adjustments: codes that the desk and files choose from. They are added and retired, never deleted."""

from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from memberships.models import AdjustmentReason
from memberships.models.adjustments import OPENING_BALANCE
from operations.admin.base import DeskAdmin


@admin.register(AdjustmentReason)
class AdjustmentReasonAdmin(DeskAdmin):
    """A code stays what it was, since entries name it; one that is not chosen any more is retired."""

    list_display = ("name_column", "code", "is_active")
    list_filter = ("is_active",)
    fields = ("code", "name", "name_en", "is_active")

    @admin.display(description=_("name"))
    def name_column(self, reason: AdjustmentReason) -> str:
        return str(reason)

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        return () if obj is None else ("code",)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """That of opening balances belongs to the importer of members."""
        return super().has_change_permission(request, obj) and (obj is None or obj.code != OPENING_BALANCE)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

"""Reasons of adjustments: codes that the desk and files choose from."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from memberships.admin.codes import CodeAdmin
from memberships.models import AdjustmentReason
from memberships.models.adjustments import ACCOUNT_CLOSED, OPENING_BALANCE


@admin.register(AdjustmentReason)
class AdjustmentReasonAdmin(CodeAdmin):
    """Entries name them."""

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Those that the product books by itself are no one's to choose."""
        is_ours = obj is not None and obj.code in (ACCOUNT_CLOSED, OPENING_BALANCE)
        return super().has_change_permission(request, obj) and not is_ours

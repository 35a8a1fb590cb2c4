"""Who looked at personal data: for auditors. (The history of changes stands on each record's own page.)"""

from django.contrib import admin

from operations.admin.base import ReadOnlyAdmin
from operations.models import Reveal


@admin.register(Reveal)
class RevealAdmin(ReadOnlyAdmin):
    """Every reveal: who, whose, which field, why, when."""

    list_display = ("revealed_at", "actor", "model", "object_id", "field", "reason")
    list_select_related = ("actor",)

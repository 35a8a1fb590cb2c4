"""Who looked at personal data: for auditors. (The history of changes stands on each record's own page.)"""

from django.contrib import admin
from django.utils.translation import gettext_lazy

from operations.admin.base import ReadOnlyAdmin
from operations.models import PersonalExport, Reveal
from operations.models.list_exports import shown_model


@admin.register(Reveal)
class RevealAdmin(ReadOnlyAdmin):
    """Every reveal: who, whose, which field, why, when."""

    list_display = ("revealed_at", "actor", "model_column", "object_id", "field", "reason")
    list_select_related = ("actor",)
    fields = list_display
    readonly_fields = ("model_column",)

    @admin.display(description=gettext_lazy("record type"))
    def model_column(self, reveal: Reveal) -> str:
        return shown_model(reveal.model)


@admin.register(PersonalExport)
class PersonalExportAdmin(ReadOnlyAdmin):
    """Every list that was taken away unmasked: who, which, how many rows, why, when."""

    list_display = ("exported_at", "actor", "model_column", "asked", "rows", "reason")
    list_select_related = ("actor",)
    fields = list_display
    readonly_fields = ("model_column",)

    @admin.display(description=gettext_lazy("record type"))
    def model_column(self, export: PersonalExport) -> str:
        return export.shown_model

"""What is offered. Read-only: programmes, tiers and plans change by programme files."""

from typing import Any

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from memberships.models import Plan, Programme, Tier, TierGroup
from operations.admin.base import ReadOnlyAdmin


class NamedAdmin(ReadOnlyAdmin):
    """Things with a name in either language, listed by the reader's."""

    @admin.display(description=_("name"))
    def name_column(self, record: Any) -> str:
        return str(record)


@admin.register(Programme)
class ProgrammeAdmin(NamedAdmin):
    list_display = ("name_column", "code", "audience")


@admin.register(TierGroup)
class TierGroupAdmin(NamedAdmin):
    list_display = ("name_column", "code", "programme")
    list_select_related = ("programme",)


@admin.register(Tier)
class TierAdmin(NamedAdmin):
    list_display = ("name_column", "code", "group", "rank", "threshold")
    list_select_related = ("group",)


@admin.register(Plan)
class PlanAdmin(NamedAdmin):
    list_display = (
        "name_column", "code", "version", "programme", "price", "term_months", "credit_limit_cap",
        "credit_term_days_cap", "on_sale_from", "on_sale_until",
    )
    list_select_related = ("programme",)

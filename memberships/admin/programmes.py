"""What is offered. Read-only: programmes, tiers and plans change by programme files."""

from django.contrib import admin

from memberships.models import Plan, Programme, Tier, TierGroup
from operations.admin.base import ReadOnlyAdmin


@admin.register(Programme)
class ProgrammeAdmin(ReadOnlyAdmin):
    list_display = ("name", "name_en", "code", "audience")


@admin.register(TierGroup)
class TierGroupAdmin(ReadOnlyAdmin):
    list_display = ("name", "name_en", "code", "programme")
    list_select_related = ("programme",)


@admin.register(Tier)
class TierAdmin(ReadOnlyAdmin):
    list_display = ("name", "name_en", "code", "group", "rank", "threshold")
    list_select_related = ("group",)


@admin.register(Plan)
class PlanAdmin(ReadOnlyAdmin):
    list_display = (
        "name", "code", "version", "programme", "price", "term_months", "credit_limit_cap", "credit_term_days_cap",
        "on_sale_from", "on_sale_until",
    )
    list_select_related = ("programme",)

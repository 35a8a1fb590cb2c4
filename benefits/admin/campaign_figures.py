"""What customers spent in campaigns by day, as the shops report it: a list to look at and to take away."""

from django.contrib import admin
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RelatedDropdownFilter

from benefits.models import CampaignFigure
from operations.admin.base import ReadOnlyAdmin


@admin.register(CampaignFigure)
class CampaignFigureAdmin(ReadOnlyAdmin):
    """By campaign and group, as last reported; they come in by import only."""

    list_display = ("on", "campaign", "group", "buyers", "orders", "amount")
    list_select_related = ("campaign",)
    list_filter = (("campaign", RelatedDropdownFilter), ("group", ChoicesDropdownFilter))
    fields = list_display

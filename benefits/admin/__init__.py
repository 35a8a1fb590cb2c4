"""The admin pages of benefits, one file per noun."""

from benefits.admin import (
    benefits,
    brands,
    budgets,
    campaign_figures,
    campaigns,
    choices,
    grants,
    quotes,
    redemptions,
    segments,
    values,
)

__all__ = [
    "benefits", "brands", "budgets", "campaign_figures", "campaigns", "choices", "grants", "quotes", "redemptions",
    "segments", "values",
]

"""The admin pages of benefits, one file per noun."""

from benefits.admin import benefits, budgets, choices, grants, quotes, redemptions, segments

__all__ = ["benefits", "budgets", "choices", "grants", "quotes", "redemptions", "segments"]

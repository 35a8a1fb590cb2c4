"""Figures as people write them, for templates and lists alike."""

from decimal import Decimal

from django import template
from django.utils.formats import number_format

register = template.Library()


@register.filter
def percent(share: Decimal) -> str:
    """"15%" or "2.5%", of a share of 1."""
    return f"{number_format((share * 100).normalize())}%"


@register.filter
def price(figure: Decimal) -> str:
    """An amount of the country, with more than two decimals where it has them."""
    rounded = round(figure, 2)
    return number_format(rounded if rounded == figure else figure.normalize())


@register.filter
def plain(figure: Decimal) -> str:
    """A decimal without the noughts at its end."""
    return number_format(figure.normalize())

"""Versions of benefits' terms, of how their rules combine, and of what a use is worth and costs, by days.

So a past order's price, what a member was entitled to on a past day, and what they saved then can be told as they were.
"""

from datetime import date, timedelta
from typing import Any

from benefits.kinds import filled_terms
from benefits.models import Benefit, BenefitTerms
from memberships.models import Programme

#: What a version keeps of its benefit.
FACTS = ("terms", "combine", "face_value", "unit_cost", "funder")


def keep_terms(programme: Programme, *, on: date) -> None:
    """Note what the terms of the programme's benefits are from that day on, and the other FACTS.

    To be called after they were changed, in the same transaction, which holds the programme's row. Nothing is written
    for what is as it was.
    """
    latest = {
        version.benefit_id: version
        for version in BenefitTerms.objects.filter(benefit__programme=programme).order_by("starts_on")
    }
    for benefit in Benefit.objects.filter(programme=programme).order_by("pk"):
        version = latest.get(benefit.pk)
        if version is None:
            BenefitTerms.objects.create(benefit=benefit, **_facts(benefit), starts_on=on)
        elif any(getattr(version, fact) != getattr(benefit, fact) for fact in FACTS):
            _renew(version, benefit, on=on)


def _renew(version: BenefitTerms, benefit: Benefit, *, on: date) -> None:
    """The next version; one that has not begun before that day is written anew."""
    if version.starts_on >= on:
        for field, value in _facts(benefit).items():
            setattr(version, field, value)
        version.save(update_fields=FACTS)
        return
    version.ends_on = on - timedelta(days=1)
    version.save(update_fields=["ends_on"])
    BenefitTerms.objects.create(benefit=benefit, **_facts(benefit), starts_on=on)


def _facts(benefit: Benefit) -> dict[str, Any]:
    return {fact: getattr(benefit, fact) for fact in FACTS}


def terms_on(benefits: dict[int, Benefit], *, on: date) -> dict[int, dict[str, Any]]:
    """The terms of benefits by their keys as they were on that day, with every default. Of a day before the first
    version: what that says; of a benefit without versions: what it says now."""
    found: dict[int, Any] = {}
    for version in BenefitTerms.objects.filter(benefit__in=benefits).order_by("benefit", "starts_on"):
        if version.benefit_id not in found or version.starts_on <= on:
            found[version.benefit_id] = version.terms
    return {key: filled_terms(each.kind, found.get(key, each.terms)) for key, each in benefits.items()}

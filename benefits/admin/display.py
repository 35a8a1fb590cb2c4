"""How benefits are shown: colours of states, quotas and windows in words."""

from datetime import date
from typing import Any

from django.urls import reverse
from django.utils.formats import date_format, number_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from benefits.models import Benefit, BenefitRule, Grant, Redemption
from benefits.models.benefits import Window

GRANT_COLOURS = {
    Grant.State.LIVE: "success", Grant.State.IN_GRACE: "warning", Grant.State.USED: "info", Grant.State.ENDED: "",
}
REDEMPTION_COLOURS = {Redemption.State.DONE: "success", Redemption.State.RETURNED: ""}


def quota_in_words(rule: BenefitRule) -> str:
    """As in “12 times a year, from the day the right began”; without a quota: as often as one likes."""
    if rule.quota is None:
        return _("without limit")
    times = ngettext("%(times)s time", "%(times)s times", rule.quota) % {"times": number_format(rule.quota)}
    if rule.window in (Window.EVER, Window.TERM):
        each = _("in all") if rule.window == Window.EVER else _("in each term of the card")
        return _("%(times)s %(each)s") % {"times": times, "each": each}
    words = _("%(times)s each %(window)s") % {"times": times, "window": rule.get_window_display()}
    if rule.basis == "anniversary":
        return _("%(quota)s, from the day the right began") % {"quota": words}
    return words


def price_in_words(*, points: int, price: Any) -> str:
    """What a use costs the member, as in “500 points + 9.90 CNY”; nothing: free."""
    parts = []
    if points:
        parts.append(
            ngettext("%(points)s point", "%(points)s points", points) % {"points": number_format(points)}
        )
    if price:
        parts.append(_("%(price)s CNY") % {"price": number_format(price, decimal_pos=2)})
    return " + ".join(parts) or _("free")


def holder_in_words(rule: BenefitRule) -> str:
    """Who is entitled: by plan, tier or enrolment, and what narrows it."""
    if rule.plan_code:
        words = _("card “%(plan)s”") % {"plan": _plan_in_words(rule)}
    elif rule.tier is not None:
        words = (
            _("tier %(tier)s and above") % {"tier": rule.tier} if rule.and_above
            else _("tier %(tier)s") % {"tier": rule.tier}
        )
    else:
        words = _("all who are enrolled")
    narrower = [
        _("segment %(segment)s") % {"segment": rule.segment} if rule.segment else "",
        _("in %(region)s") % {"region": rule.region} if rule.region else "",
        _("for %(category)s") % {"category": rule.category} if rule.category else "",
        _("if chosen in “%(group)s”") % {"group": rule.choice_group} if rule.choice_group else "",
    ]
    return ", ".join([words, *filter(None, narrower)])


def _plan_in_words(rule: BenefitRule) -> str:
    """The name of the plan's newest version; its code where no plan has it. Prefetch `programme__plans` for many."""
    versions = [plan for plan in rule.benefit.programme.plans.all() if plan.code == rule.plan_code]
    return str(max(versions, key=lambda plan: plan.version)) if versions else rule.plan_code


def benefit_link(benefit: Benefit) -> SafeString:
    """The benefit's name, leading to its page."""
    url = reverse("admin:benefits_benefit_change", args=[benefit.pk])
    return format_html('<a class="desk-link" href="{}">{}</a>', url, benefit)


def days_in_words(first: date, last: date | None) -> str:
    """From a day on, or from one to another."""
    start = date_format(first, "Y-m-d")
    return f"{start} – {date_format(last, 'Y-m-d')}" if last else _("from %(day)s on") % {"day": start}

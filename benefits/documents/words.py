"""A value statement in words, for the page and for what is taken away."""

from decimal import Decimal

from django.utils.formats import number_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext, pgettext_lazy

from benefits.services.value_plans import PlanWorth
from benefits.services.values import Statement

#: What a line comes from, by ValueLine.source_kind.
SOURCES: dict[str, Promise] = {
    "redemption": pgettext_lazy("source of a saving", "use"),
    "redemption_return": pgettext_lazy("source of a saving", "use taken back"),
    "coupon": pgettext_lazy("source of a saving", "coupon used"),
    "coupon_lost": pgettext_lazy("source of a saving", "paid coupon ran out"),
    "gift": pgettext_lazy("source of a saving", "given"),
    "subscription": pgettext_lazy("source of a saving", "month begun"),
    "order": pgettext_lazy("source of a saving", "off an order"),
    "order_return": pgettext_lazy("source of a saving", "order came back"),
}
NO_CARD = gettext_lazy("no card")


def money(amount: Decimal | None) -> str:
    """"1,234.50"; a dash where nobody knows."""
    return "–" if amount is None else str(number_format(amount, 2, force_grouping=True))


def verdict(statement: Statement) -> str:
    """Was it worth it, in a sentence."""
    sums = statement.sums
    facts = {"saved": money(sums.saved), "fee": money(sums.fee), "net": money(abs(sums.net)), "day": sums.break_even_on}
    if sums.term_id is None:
        return _("%(saved)s CNY were saved without a card.") % facts
    if sums.break_even_on is not None:
        return _("Worth it: %(saved)s CNY saved for a fee of %(fee)s, paid off on %(day)s.") % facts
    words = _("Not worth it: %(saved)s CNY saved for a fee of %(fee)s, %(net)s are missing.")
    if sums.term_until is not None and statement.on <= sums.term_until:
        words = _("Not yet worth it: %(saved)s CNY saved for a fee of %(fee)s, %(net)s are missing.")
    return words % facts


def plan_name(worth: PlanWorth) -> str:
    """The plan, as often as it would have been bought."""
    if worth.plan is None:
        return str(NO_CARD)
    return f"{worth.plan} × {worth.terms}" if worth.terms > 1 else str(worth.plan)


def why(worth: PlanWorth) -> str:
    """What of the same uses a plan would have covered."""
    if not worth.uses:
        return _("nothing was used")
    facts = {"covered": number_format(worth.covered), "uses": number_format(worth.uses)}
    if not worth.without:
        return pgettext("uses of a plan", "covers all %(uses)s") % facts
    names = _(", ").join(str(benefit) for benefit in worth.without)
    words = pgettext("uses of a plan", "covers %(covered)s of %(uses)s; not, or not all, of: %(names)s")
    return words % {**facts, "names": names}


def advice(statement: Statement) -> str:
    """Which plan would have been best for the same uses; blank where there is nothing to choose."""
    if not statement.plans:
        return ""
    best = statement.plans[0]
    if best.is_held:
        return _("For the same uses no other plan would have been better.")
    held = next((each for each in statement.plans if each.is_held), None)
    facts = {"plan": plan_name(best), "more": money(best.net - held.net if held else best.net)}
    return _("For the same uses “%(plan)s” would have left %(more)s CNY more.") % facts

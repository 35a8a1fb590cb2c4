"""What a quote says to its reader, in the reader's language."""

from decimal import Decimal

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from benefits.pricing.money import as_fen, in_words
from benefits.pricing.policy import PriceBenefit, Step
from benefits.pricing.running import Applied, Loss, Reason

STEPS = {
    "list": gettext_lazy("list price"),
    "promotion": gettext_lazy("promotion price"),
    "member_price": gettext_lazy("member price"),
    "buy_one_get_one": gettext_lazy("buy one, get one"),
    "stacking_discount": gettext_lazy("stacking discount"),
    "instant_reduction": gettext_lazy("instant reduction"),
    "coupon": gettext_lazy("coupon"),
    "freight": gettext_lazy("freight"),
    "free_shipping": gettext_lazy("free shipping"),
}


def step_label(kind: str) -> str:
    """What a step is called."""
    return str(STEPS[kind])


def benefit_label(benefit: PriceBenefit) -> str:
    """What a benefit is called; the promotion price has no name of its own."""
    return benefit.name or step_label(benefit.kind)


def applied_words(applied: Applied) -> str:
    """How a step came to its amount: what it takes, of what, and what a cap cut off."""
    told = _what(applied.step, applied.benefit)
    if applied.benefit.kind == "free_shipping" and applied.back:
        told = _("free both ways")
    if applied.cut:
        capped = _("%(amount)s less, since it is capped") % {"amount": in_words(applied.cut)}
        told = _("%(told)s; %(capped)s") % {"told": told, "capped": capped} if told else capped
    return told


def _what(step: Step, benefit: PriceBenefit) -> str:
    terms = benefit.terms
    if terms.get("percent") is not None:
        percent = number_format(terms["percent"].normalize(), use_l10n=False)
        if step.base == "list":
            return _("%(percent)s%% of the list price is paid") % {"percent": percent}
        return _("%(percent)s%% of the price so far is paid") % {"percent": percent}
    if benefit.kind == "instant_reduction":
        return _reduced(terms["reduction"], terms["threshold"], each=terms["per_full_threshold"])
    if benefit.kind == "coupon":
        return _reduced(terms["amount"], terms["minimum_spend"], of_freight=terms["takes_off"] == "freight")
    if benefit.kind == "buy_one_get_one":
        figures = {"pays": terms["pays_for"], "gets": terms["gets"]}
        return _("%(gets)s free for %(pays)s paid, the cheapest of a category") % figures
    return ""


def _reduced(reduction: Decimal, minimum: Decimal, *, each: bool = False, of_freight: bool = False) -> str:
    """So much off, from a minimum on where there is one."""
    facts = {"reduction": _money(reduction), "minimum": _money(minimum)}
    if of_freight:
        return (_("%(reduction)s off the freight, for goods from %(minimum)s on") if minimum
                else _("%(reduction)s off the freight")) % facts
    if not minimum:
        return _("%(reduction)s off") % facts
    return (_("%(reduction)s off for every full %(minimum)s") if each
            else _("%(reduction)s off from %(minimum)s on")) % facts


def _money(amount: Decimal) -> str:
    return in_words(as_fen(amount) or 0)


def loss_words(loss: Loss) -> str:
    """Why a benefit did not count, or not in full."""
    facts = {
        "amount": in_words(loss.amount), "there": in_words(loss.there), "lines": ", ".join(loss.lines),
        "winner": step_label(loss.winner) if loss.winner in STEPS else loss.winner,
    }
    if loss.reason is Reason.EXCLUDED and loss.lines:
        return _("excluded by “%(winner)s”, which takes more off: %(lines)s") % facts
    if loss.reason is Reason.SCOPE and loss.lines:
        return _("not for all goods of the order: %(lines)s") % facts
    if loss.reason in (Reason.BETTER, Reason.EXCLUDED, Reason.DEARER) and loss.amount == 0:
        return (_("no cheaper than “%(winner)s”") if loss.winner else _("nothing would be cheaper with it")) % facts
    told = {
        Reason.NO_STEP: _("the pricing policy has no step for it"),
        Reason.USED_UP: _("it is used up"),
        Reason.SCOPE: _("for none of these goods"),
        Reason.DELIVERY: _("not for this way of delivery"),
        Reason.MINIMUM: _("asks for goods of %(amount)s; there are %(there)s"),
        Reason.NOT_DISCOUNTED: _("only for goods that are discounted already; none is"),
        Reason.NOTHING: _("takes nothing off"),
        Reason.EXCLUDED: _("excluded by “%(winner)s”; the order would cost %(amount)s more with it"),
        Reason.BETTER: _("“%(winner)s” takes more off: the order would cost %(amount)s more with it"),
        Reason.DEARER: _("left out: the order would cost %(amount)s more with it"),
        Reason.CAP: _("the cap is reached"),
    }
    return told[loss.reason] % facts

"""Why a rule goes first, and by what a member is entitled: in words, in the reader's language.

The order is benefits_rights' (sql/rights/rights.sql); here it is only told.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from benefits.services.rights import Right

if TYPE_CHECKING:
    from benefits.services.entitlements import Source


def source_in_words(source: "Source") -> str:
    """The card, the tier or the enrolment, with its days."""
    if source.kind == "plan":
        facts = {"name": source.record.plan, "since": source.since, "until": source.until}  # type: ignore[union-attr]
        if source.is_in_grace:
            return _("card “%(name)s” since %(since)s, in its days of grace until %(until)s") % facts
        if source.until is not None:
            return _("card “%(name)s” from %(since)s to %(until)s") % facts
        return _("card “%(name)s” since %(since)s") % facts
    if source.kind == "tier":
        return _("tier “%(name)s”, since %(since)s") % {"name": source.record, "since": source.since}
    facts = {"name": source.record.programme, "since": source.since}  # type: ignore[union-attr]
    return _("enrolled in “%(name)s” since %(since)s") % facts


def why_it_won(won: Right, others: Sequence[Right]) -> str:
    """Why a use goes by this rule now. `others` in their order, those that are not chosen last."""
    rivals = [other for other in others if other.place is not None]
    if won.place is None:
        return _("It would count if the benefit were chosen.")
    words = _("It is the only rule that counts.")
    if rivals:
        words = _("It goes first: %(reason)s.") % {"reason": _advantage(won, rivals[0])}
    return _("%(words)s It gives the benefit by itself.") % {"words": words} if won.is_automatic else words


def why_not_first(lost: Right, won: Right) -> str:
    """Why a use does not go by this rule now."""
    if lost.place is None:
        return _("It does not count: the benefit was not chosen.")
    words = {"rule": won.rule_code, "reason": _advantage(won, lost)}
    if lost.combine == "sum":
        return _("It counts as well; “%(rule)s” is used first: %(reason)s.") % words
    return _("“%(rule)s” is better: %(reason)s.") % words


def _advantage(won: Right, lost: Right) -> str:
    """The first of the order's criteria by which one goes before the other."""
    if won.has_left and not lost.has_left:
        return _("something is left of it, and nothing of the other")
    if won.combine == "sum" and won.window_after != lost.window_after:
        return _("its window ends first")
    figures = {"left": won.left, "other": lost.left, "quota": won.quota, "other_quota": lost.quota}
    if won.left != lost.left:
        if won.left is None:
            return _("it has no quota")
        return _("it leaves %(left)s, the other %(other)s") % figures
    if won.quota != lost.quota:
        return _("its quota is %(quota)s, the other's %(other_quota)s") % figures
    if won.points_price != lost.points_price:
        return _("it takes fewer points")
    if won.member_price != lost.member_price:
        return _("its price is lower")
    return _("otherwise they are alike, and its code comes first")

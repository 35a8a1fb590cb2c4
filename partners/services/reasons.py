"""Why a command did not come through, a fulfilment was given up, or a match ended, in words.

The codes are what is stored.
"""

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

#: Ours first, then those of the partners' protocol. What else a partner says is shown as it says it.
REASONS: dict[str, Promise] = {
    "timeout": gettext_lazy("no answer in time"),
    "unreachable": gettext_lazy("the partner could not be reached"),
    "bad_signature": gettext_lazy("a signature was not right"),
    "bad_answer": gettext_lazy("the answer could not be understood"),
    "not_wanted": gettext_lazy("not wanted any more before it was sent"),
    "revoked_by_partner": gettext_lazy("the partner revoked it by itself, although the member is entitled to it"),
    "revoked_before": gettext_lazy("it was revoked before, and nothing brings it back"),
    "undone_by_partner": gettext_lazy("the partner undid by itself what it was told"),
    "clock_skew": gettext_lazy("the clocks of the two houses differ too much"),
    "ended_by_partner": gettext_lazy("the partner ended the match that it was to renew"),
    "failed": gettext_lazy("it failed, and the partner did not say why"),
    "internal_error": gettext_lazy("an error within the partner's system"),
    "invalid_request": gettext_lazy("the partner could not make sense of the order"),
    "key_conflict": gettext_lazy("the partner knows that number from another command"),
    "not_provisioned": gettext_lazy("the partner has no such order"),
    "rate_limited": gettext_lazy("the partner asked for fewer calls"),
    "revoked": gettext_lazy("the partner had revoked it before"),
    "not_in_result": gettext_lazy("the partner's result file says nothing of it"),
    "contradicted": gettext_lazy("the partner's result file says both yes and no to it"),
    "not_callable": gettext_lazy("the partner has no address, or no keys are valid"),
    "right_ended": gettext_lazy("the right to it ended"),
    "sku_refused": gettext_lazy("the partner refuses this product"),
    "tier_lost": gettext_lazy("the tier that it was for is held no longer"),
    "unanswered": gettext_lazy("the partner never answered, and its last day is over"),
    "unavailable": gettext_lazy("the partner's system was not available"),
    "under_way": gettext_lazy("the partner is still working on it"),
}


def reason_in_words(code: str) -> str:
    """The code in words, with itself behind; "" for none, and as it is where nobody knows it."""
    words = REASONS.get(code)
    return _("%(words)s (%(code)s)") % {"words": words, "code": code} if words else code

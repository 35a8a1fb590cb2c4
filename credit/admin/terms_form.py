"""Term rules in forms: the parts of a rule as fields, and the rule that they make."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminSelectWidget

from credit.terms.checks import BOUNDS, PARTS, rule_faults
from memberships.admin.actions import ConfirmForm

KINDS = [
    ("net_days", gettext_lazy("net days")), ("month_end", gettext_lazy("end of the month and days")),
    ("statement", gettext_lazy("statement day and repayment day")),
]
ROLLINGS = [
    ("none", gettext_lazy("stays on the day")), ("forward", gettext_lazy("to the next working day")),
    ("backward", gettext_lazy("to the working day before")),
]


def _shown_with(part: str) -> dict[str, str]:
    """What has a part of a rule shown only with the kinds that may have it (static/operations/forms.js)."""
    kinds = (kind for kind, parts in PARTS.items() if part in (*parts, "longest_days", "rolling"))
    return {"data-shown-with": "term_kind: " + " ".join(kinds)}


def _whole(part: str, label: Any, help_text: Any) -> forms.IntegerField:
    least, most = BOUNDS[part]
    return forms.IntegerField(
        label=label, help_text=help_text, required=False, min_value=least, max_value=most,
        widget=UnfoldAdminIntegerFieldWidget(attrs=_shown_with(part)),
    )


class TermsForm(ConfirmForm):
    """A rule of payment, or none chosen: what there is stays."""

    term_kind = forms.ChoiceField(label=gettext_lazy("Payment terms"), required=False, widget=UnfoldAdminSelectWidget())
    days = _whole("days", gettext_lazy("Number of days"), gettext_lazy("With net days, and with the end of the month."))
    statement_day = _whole(
        "statement_day", gettext_lazy("Statement day"), gettext_lazy("Of a month: what was bought before is stated.")
    )
    repayment_day = _whole(
        "repayment_day", gettext_lazy("Repayment day"), gettext_lazy("Of a month; 31 is its last day.")
    )
    longest_days = _whole(
        "longest_days", gettext_lazy("Longest term (days)"), gettext_lazy("Never due later than so many days.")
    )
    rolling = forms.ChoiceField(
        label=gettext_lazy("When the day is not worked"), choices=ROLLINGS, required=False, initial="none",
        widget=UnfoldAdminSelectWidget(attrs=_shown_with("rolling")),
    )

    def __init__(self, data: Any, *, seen: str, unchosen: Any, **options: Any) -> None:
        super().__init__(data, seen=seen, **options)
        kind: Any = self.fields["term_kind"]
        kind.choices = [("", unchosen), *KINDS]

    def terms(self) -> dict[str, Any] | None:
        """The rule, or None where none was chosen."""
        chosen = self.cleaned_data
        kind = chosen.get("term_kind")
        if not kind:
            return None
        rule = {"kind": kind, **{part: chosen[part] for part in BOUNDS if chosen.get(part) is not None}}
        if chosen.get("rolling", "none") not in ("", "none"):
            rule["rolling"] = chosen["rolling"]
        return rule

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        rule = None if self.errors else self.terms()
        for part, words in rule_faults(rule) if rule else ():
            self.add_error(part if part in self.fields else "term_kind", words)
        if rule is None and any(cleaned.get(part) is not None for part in BOUNDS):
            self.add_error("term_kind", _("Say which terms these days belong to."))
        return cleaned

"""What is filled in to try a price, and to ask about after-sales rights."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from benefits.after_sales import FAULTS, REMEDIES, Purchase
from benefits.pricing.orders import Freight, Line
from memberships.models import Member, Programme

INPUT, SHORT = {"class": "desk-input"}, {"class": "desk-input is-short"}
#: Lines that the page has room for.
LINES = 6


def _day(label: Any) -> forms.DateField:
    return forms.DateField(
        label=label, widget=forms.DateInput(format="%Y-%m-%d", attrs={**INPUT, "type": "date"}),
        input_formats=["%Y-%m-%d"],
    )


def _amount(label: Any, *, is_short: bool = False, initial: Any = None) -> forms.DecimalField:
    return forms.DecimalField(
        label=label, min_value=0, max_digits=12, decimal_places=2, required=False, initial=initial,
        widget=forms.NumberInput(attrs={**(SHORT if is_short else INPUT), "step": "0.01"}),
    )


class MemberForm(forms.Form):
    """Somebody, by their member number."""

    member = forms.CharField(
        label=gettext_lazy("Member number"), max_length=32,
        widget=forms.TextInput(attrs={**INPUT, "autocomplete": "off"}),
    )

    def clean_member(self) -> Member:
        key = Member.pk_of(self.cleaned_data["member"].strip())
        member = Member.objects.filter(pk=key).first() if key is not None else None
        if member is None:
            raise ValidationError(_("There is no such member."))
        return member


class QuoteForm(MemberForm):
    """Whose order it is, in which programme, of which day, and how it is sent."""

    programme = forms.ModelChoiceField(
        label=gettext_lazy("Programme"), queryset=Programme.objects.order_by("code"), empty_label=None,
        widget=forms.Select(attrs=INPUT),
    )
    on = _day(gettext_lazy("Ordered on"))
    outward = _amount(gettext_lazy("Freight (CNY)"))
    back = _amount(gettext_lazy("Freight of a return (CNY)"))
    delivery = forms.ChoiceField(
        label=gettext_lazy("Delivery"), widget=forms.Select(attrs=INPUT),
        choices=[("standard", gettext_lazy("standard delivery")), ("instant", gettext_lazy("instant delivery"))],
    )
    order_number = forms.CharField(
        label=gettext_lazy("Order number"), max_length=48, required=False, widget=forms.TextInput(attrs=INPUT),
        help_text=gettext_lazy("Of an order that was placed: what it used itself counts as still there."),
    )

    def freight(self) -> Freight:
        """What the delivery costs."""
        facts = self.cleaned_data
        return Freight(facts["outward"] or Decimal(0), facts["back"] or Decimal(0), facts["delivery"])


class LineForm(forms.Form):
    """Goods of one price; a line without a price is none."""

    name = forms.CharField(
        label=gettext_lazy("Goods"), max_length=64, required=False, widget=forms.TextInput(attrs=INPUT)
    )
    price = _amount(gettext_lazy("List price (CNY)"), is_short=True)
    quantity = forms.IntegerField(
        label=gettext_lazy("Quantity"), min_value=1, max_value=99_999, initial=1,
        widget=forms.NumberInput(attrs=SHORT),
    )
    category = forms.CharField(
        label=gettext_lazy("Category"), max_length=64, required=False, widget=forms.TextInput(attrs=SHORT)
    )
    is_self_operated = forms.BooleanField(
        label=gettext_lazy("Self-operated"), required=False, widget=forms.CheckboxInput()
    )
    promotion_price = _amount(gettext_lazy("Promotion price (CNY)"), is_short=True)
    member_price = _amount(gettext_lazy("Member price (CNY)"), is_short=True)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if self.has_changed() and cleaned.get("price") is None and "price" not in self.errors:
            self.add_error("price", _("What does it cost?"))
        return cleaned


LineFormSet = forms.formset_factory(LineForm, extra=LINES, max_num=LINES, absolute_max=LINES)


def lines_of(forms_of_lines: Sequence[Any]) -> list[Line]:
    """The lines that were filled in, by the names of the goods, or else by their numbers."""
    filled_in = [(number, form) for number, form in enumerate(forms_of_lines, start=1) if form.has_changed()]
    return [
        Line(
            facts["name"].strip() or str(number), facts["price"], facts["quantity"], facts["category"].strip(),
            facts["is_self_operated"], facts["promotion_price"], facts["member_price"],
        )
        for number, facts in ((number, form.cleaned_data) for number, form in filled_in)
    ]


class AfterSalesForm(MemberForm):
    """What was bought, and what is asked for it."""

    bought_on = _day(gettext_lazy("Bought on"))
    on = _day(gettext_lazy("Asked on"))
    category = forms.CharField(
        label=gettext_lazy("Category"), max_length=64, required=False, widget=forms.TextInput(attrs=INPUT)
    )
    remedy = forms.ChoiceField(
        label=gettext_lazy("Asked for"), choices=list(REMEDIES.items()), widget=forms.Select(attrs=INPUT)
    )
    fault = forms.ChoiceField(
        label=gettext_lazy("Because of"), choices=list(FAULTS.items()), widget=forms.Select(attrs=INPUT)
    )
    is_self_operated = forms.BooleanField(
        label=gettext_lazy("Self-operated"), required=False, initial=True, widget=forms.CheckboxInput()
    )

    def purchase(self) -> Purchase:
        """What the form says."""
        facts = self.cleaned_data
        return Purchase(
            facts["bought_on"], facts["category"].strip(), facts["is_self_operated"], facts["remedy"], facts["fault"]
        )


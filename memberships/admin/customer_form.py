"""The form that changes a firm. Its rules are the service's; here is how it is asked."""

from typing import Any

from django import forms
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from memberships.models import EnterpriseCustomer
from memberships.models.customers import Flag, Size
from memberships.services.customers import FIELDS, fingerprint
from operations.admin.reasons import ReasonForm


def _text(label: Any, *, length: int, is_required: bool = False) -> forms.CharField:
    return forms.CharField(
        label=label, max_length=length, required=is_required, widget=UnfoldAdminTextInputWidget()
    )


class CustomerForm(ReasonForm):
    """All that may be changed by hand, why, and (hidden) what the operator was shown."""

    legal_name = _text(_("legal name"), length=200, is_required=True)
    # Longer than the code, which may be typed with blanks and hyphens.
    credit_code = _text(_("unified social credit code"), length=40, is_required=True)
    external_id = _text(_("external id"), length=64)
    province = _text(_("province"), length=50)
    city = _text(_("city"), length=50)
    industry = _text(_("industry"), length=100)
    size = forms.ChoiceField(
        label=_("size"), choices=[("", "–"), *Size.choices], required=False, widget=UnfoldAdminSelectWidget()
    )
    flags = forms.MultipleChoiceField(
        label=_("flags"), choices=Flag.choices, required=False, widget=UnfoldAdminCheckboxSelectMultipleWidget()
    )
    remarks = forms.CharField(
        label=_("remarks"), required=False, widget=UnfoldAdminTextareaWidget(attrs={"rows": 3})
    )
    seen = forms.CharField(widget=forms.HiddenInput)
    field_order = [*FIELDS, "reason", "seen"]

    def __init__(self, data: Any, *, customer: EnterpriseCustomer) -> None:
        initial = {name: getattr(customer, name) for name in FIELDS}
        super().__init__(data, initial={**initial, "seen": fingerprint(customer)})
        for field in self.fields.values():
            field.label = capfirst(field.label)

    def changes(self) -> dict[str, Any]:
        """The fields as typed."""
        return {name: self.cleaned_data[name] for name in FIELDS}

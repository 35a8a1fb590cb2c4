"""How a partner's statements are read: its headers and its words, a pair a line."""

from typing import Any, cast

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget

from operations.admin.reasons import ReasonForm
from operations.errors import PlusdeskError
from operations.models import User
from partners.models import Partner
from partners.services.partner_statements import set_statement_mapping


class PairsField(forms.CharField):
    """Lines such as `履约单号 = order`, as a dictionary."""

    widget = UnfoldAdminTextareaWidget(attrs={"rows": 6})

    def to_python(self, value: Any) -> Any:
        pairs = {}
        for line in filter(None, map(str.strip, (super().to_python(value) or "").splitlines())):
            theirs, sign, ours = line.rpartition("=")
            if not sign or not theirs.strip():
                raise ValidationError(_("“%(line)s” is no pair such as “theirs = ours”.") % {"line": line})
            pairs[theirs.strip()] = ours.strip()
        return pairs

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(f"{theirs} = {ours}" for theirs, ours in value.items()) if isinstance(value, dict) else value


class WhoseForm(forms.Form):
    """Of which partner: asked first, so that what there is of it is seen before it is changed."""

    partner = forms.ModelChoiceField(
        Partner.objects.order_by("pk"), label=gettext_lazy("Partner"), widget=UnfoldAdminSelectWidget()
    )


class MappingForm(ReasonForm):
    """Of which partner, its headers and words, and why."""

    partner = forms.ModelChoiceField(
        Partner.objects.order_by("pk"), label=gettext_lazy("Partner"), widget=forms.HiddenInput()
    )
    columns = PairsField(
        label=gettext_lazy("Columns"), required=False,
        help_text=gettext_lazy(
            "Their header = order, reference, sku, state, started_on, ended_on, amount, currency or month; "
            "with nothing behind the sign the column is left unread."
        ),
    )
    states = PairsField(
        label=gettext_lazy("States"), required=False,
        help_text=gettext_lazy("Their word = accepted, active, suspended, revoked, failed, used or returned."),
    )
    field_order = ("partner", "columns", "states", "reason")


def save_mapping(request: HttpRequest, form: MappingForm) -> bool:
    """False when the service refused, with its reason in the form."""
    asked = form.cleaned_data
    try:
        set_statement_mapping(
            asked["partner"], columns=asked["columns"], states=asked["states"], actor=cast(User, request.user),
            reason=asked["reason"],
        )
    except PlusdeskError as error:
        form.add_error(None, str(error))
        return False
    messages.success(request, _("Statements of %(partner)s are read so from now on.") % {"partner": asked["partner"]})
    return True

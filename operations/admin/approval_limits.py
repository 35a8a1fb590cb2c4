"""Limits of approval: who does how much alone. Each change is in the audit trail, with who made it."""

from typing import Any

from django import forms
from django.contrib import admin
from django.utils.formats import number_format
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSelectWidget

from operations import registry
from operations.admin.base import DeskAdmin
from operations.models import ApprovalLimit


class LimitForm(forms.ModelForm):  # type: ignore[type-arg]
    """The action is one of those that there are."""

    action = forms.ChoiceField(label=_("action"), widget=UnfoldAdminSelectWidget())

    class Meta:
        model = ApprovalLimit
        fields = ("action", "group", "amount")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: forms.ChoiceField = self.fields["action"]  # type: ignore[assignment]
        named = [(action.name, _named(action.name)) for action in registry.approval_actions]
        gone = self.instance.action if self.instance.pk else ""
        is_gone = gone and registry.approval_actions.find(gone) is None
        field.choices = [*named, (gone, gone)] if is_gone else named


@admin.register(ApprovalLimit)
class ApprovalLimitAdmin(DeskAdmin):
    """What a group does alone. No amount is no limit; no row is what the action lets anybody do."""

    form = LimitForm
    list_display = ("action_column", "group", "amount_column")
    list_select_related = ("group",)
    ordering = ("-pk",)

    @admin.display(description=_("action"))
    def action_column(self, limit: ApprovalLimit) -> str:
        return _named(limit.action)

    @admin.display(description=_("up to"))
    def amount_column(self, limit: ApprovalLimit) -> str:
        if limit.amount is None:
            return str(_("without limit"))
        action = registry.approval_actions.find(limit.action)
        is_whole = limit.amount == limit.amount.to_integral_value()
        return f"{number_format(limit.amount, 0 if is_whole else 2)} {action.unit if action else ''}".strip()


def _named(action_name: str) -> str:
    """The action in words, and what its amount counts."""
    action = registry.approval_actions.find(action_name)
    if action is None:
        return action_name
    return f"{capfirst(str(action.label))} ({action.unit})" if action.unit else capfirst(str(action.label))

"""Limits of approval: who does how much alone. Each change is asked for by one and approved by another."""

from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from operations import registry
from operations.admin.approval_pages import waits_in_words
from operations.admin.base import DeskAdmin
from operations.dates import business_date
from operations.errors import PlusdeskError
from operations.limit_actions import ChangeApprovalLimit, limit_in_words
from operations.models import Approval, ApprovalLimit, User
from operations.services.approvals import ask


class LimitForm(forms.ModelForm):  # type: ignore[type-arg]
    """The action is one of those that there are."""

    action = forms.ChoiceField(label=_("action"), widget=UnfoldAdminSelectWidget())
    reason = forms.CharField(label=_("reason"), max_length=200, widget=UnfoldAdminTextInputWidget())

    class Meta:
        model = ApprovalLimit
        fields = ("action", "group", "amount")
        help_texts = {"amount": _("In the unit that the action names. Blank: without limit.")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: forms.ChoiceField = self.fields["action"]  # type: ignore[assignment]
        named = [(action.name, _named(action.name)) for action in registry.approval_actions if action.has_limits]
        gone = self.instance.action if self.instance.pk else ""
        is_gone = gone and registry.approval_actions.find(gone) is None
        field.choices = [*named, (gone, gone)] if is_gone else named


@admin.register(ApprovalLimit)
class ApprovalLimitAdmin(DeskAdmin):
    """What a group does alone. No amount is no limit; no row is what the action lets anybody do."""

    form = LimitForm
    list_display = ("action_column", "group", "amount_column")
    list_select_related = ("group",)
    # By action, so that what the groups may do stands side by side.
    ordering = ("action",)

    @admin.display(description=_("action"))
    def action_column(self, limit: ApprovalLimit) -> str:
        return str(limit.action_label)

    @admin.display(description=_("up to"))
    def amount_column(self, limit: ApprovalLimit) -> str:
        return limit_in_words(limit)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Who only looks gives no reason."""
        may = self.has_add_permission(request) if obj is None else self.has_change_permission(request, obj)
        return (*LimitForm.Meta.fields, "reason") if may else LimitForm.Meta.fields

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        """One button: what is sent waits for another person, and there is nothing to go on editing."""
        one_button = {"show_save_and_add_another": False, "show_save_and_continue": False}
        return super().render_change_form(request, {**context, **one_button}, *args, **kwargs)

    # --- what is sent becomes a request: nothing is saved here, and Django's own log and words are left out

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        self._ask(request, obj, does="change" if change else "add", reason=form.cleaned_data["reason"])

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        self._ask(request, obj, does="delete", reason=str(_("limit removed")))

    def _ask(self, request: HttpRequest, limit: ApprovalLimit, *, does: str, reason: str) -> None:
        at, payload = timezone.now(), ChangeApprovalLimit.payload_of(limit, does=does)
        try:
            result = ask(
                ChangeApprovalLimit.name, payload, actor=cast(User, request.user), reason=reason,
                on=business_date(at), at=at,
            )
        except PlusdeskError as error:
            messages.error(request, str(error))
        else:
            # It always takes two people.
            messages.warning(request, waits_in_words(cast(Approval, result)))

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> None:
        """Nothing was added."""

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> None:
        """Nothing was changed."""

    def log_deletions(self, request: HttpRequest, queryset: Any) -> None:
        """Nothing was deleted."""

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: str | None = None) -> HttpResponse:
        return self._to_the_list()

    def response_change(self, request: HttpRequest, obj: Any) -> HttpResponse:
        return self._to_the_list()

    def response_delete(self, request: HttpRequest, obj_display: str, obj_id: Any) -> HttpResponse:
        return self._to_the_list()

    def _to_the_list(self) -> HttpResponse:
        return HttpResponseRedirect(reverse(self._url_name("changelist")))


def _named(action_name: str) -> str:
    """The action in words, and what its amount counts."""
    action = registry.approval_actions.find(action_name)
    if action is None:
        return action_name
    return f"{capfirst(str(action.label))} ({action.unit})" if action.unit else capfirst(str(action.label))

"""The page on which personal data is looked at: a reason first, then the data, once."""

from collections.abc import Callable, Mapping
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from operations.admin.base import ReadOnlyAdmin
from operations.admin.reasons import ReasonForm, ask
from operations.services.reveals import reveal


class RevealForm(ReasonForm):
    """Which fields, and why."""

    fields_wanted = forms.MultipleChoiceField(
        label=gettext_lazy("What do you need to see?"), widget=UnfoldAdminCheckboxSelectMultipleWidget
    )
    field_order = ["fields_wanted", "reason"]

    def __init__(self, data: Any, *, choices: list[tuple[str, str]]) -> None:
        super().__init__(data)
        self.fields["fields_wanted"].choices = choices  # type: ignore[attr-defined]
        self.fields["fields_wanted"].initial = [name for name, _label in choices]


class MaskedAdmin(ReadOnlyAdmin):
    """An admin of a model with personal data: masked in the list and on the page, revealed on request.

    `masks` maps each personal field to what masks it; the permission is `reveal_<model>`.
    """

    masks: Mapping[str, Callable[[str], str]] = {}
    has_personal_data = True

    def has_reveal_permission(self, request: HttpRequest) -> bool:
        """Whether the user may ask to see what is masked."""
        return request.user.has_perm(f"{self.opts.app_label}.reveal_{self.opts.model_name}")

    def masked(self, record: Model, name: str) -> str:
        """A personal field as it may be shown."""
        return self.masks[name](getattr(record, name))

    @method_decorator(never_cache)
    @method_decorator(sensitive_post_parameters())
    def reveal_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask why; on a reason, note it and show the fields. never_cache says no-store."""
        if not (self.has_view_permission(request) and self.has_reveal_permission(request)):
            raise PermissionDenied
        record = self.get_object(request, object_id)
        if record is None:
            raise Http404
        form = RevealForm(request.POST or None, choices=self._choices(record))
        if request.method != "POST" or not form.is_valid():
            return ask(
                self, request, record, form, title=_("Show personal data"), submit_label=_("Show"),
                note=_("Who looks, at what and why is kept for ever."),
            )
        shown = reveal(
            record, form.cleaned_data["fields_wanted"], reason=form.cleaned_data["reason"],
            actor=request.user, at=timezone.now(),  # type: ignore[arg-type]
        )
        return ask(
            self, request, record, form, title=_("Personal data"), submit_label="", template="operations/revealed.html",
            shown=[(self._label(name), value) for name, value in shown.items()],
        )

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        context = {"can_reveal": self.has_reveal_permission(request), **(extra_context or {})}
        return super().changeform_view(request, object_id, form_url, context)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.reveal_view)
        reveal_url = path("<int:object_id>/reveal/", view, name=self._url_name("reveal", is_qualified=False))
        return [reveal_url, *super().get_urls()]

    def _choices(self, record: Model) -> list[tuple[str, str]]:
        """The personal fields that hold anything."""
        return [(name, self._label(name)) for name in self.masks if getattr(record, name)]

    def _label(self, name: str) -> str:
        return str(self.opts.get_field(name).verbose_name)  # type: ignore[union-attr]


def masked_column(name: str, description: Any) -> Callable[[MaskedAdmin, Model], str]:
    """A list or page column with a masked field."""

    @admin.display(description=description, empty_value="–")
    def column(self: MaskedAdmin, record: Model) -> str:
        return self.masked(record, name)

    column.__name__ = f"masked_{name}"
    return column

"""Settlements with partners: the list, drafting one, and the page of one with lines, adjustments and total."""

from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RelatedDropdownFilter
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from memberships.admin.actions import Button, action_urls, offered
from memberships.admin.display import today
from memberships.admin.pages import find_record, show_page
from operations.admin.base import ReadOnlyAdmin
from operations.errors import PlusdeskError
from operations.models import User
from partners.admin.display import partner_link
from partners.admin.settlement_actions import ACTIONS, DRAFT
from partners.models import Partner, Settlement
from partners.services.partner_statements import open_lines
from partners.services.settlements import draft_settlement, export_settlement, shown_state

EXPORT = "partners.export_settlement"
STATE_COLOURS = {
    Settlement.State.DRAFT: "info", Settlement.State.SUBMITTED: "warning", Settlement.State.CLOSED: "success",
}


class DraftForm(forms.Form):
    """With whom, and of which month."""

    partner = forms.ModelChoiceField(
        Partner.objects.order_by("pk"), label=gettext_lazy("Partner"), widget=UnfoldAdminSelectWidget()
    )
    month = forms.DateField(
        label=gettext_lazy("Month"), input_formats=["%Y-%m"], help_text=gettext_lazy("As 2027-01."),
        widget=UnfoldAdminTextInputWidget(attrs={"placeholder": "2027-01", "maxlength": 7}),
    )


@admin.register(Settlement)
class SettlementAdmin(ReadOnlyAdmin):
    """What is owed to partners, newest first."""

    list_display = ("month_column", "partner_column", "state_column", "total", "drafted_at", "closed_on")
    list_select_related = ("partner",)
    list_filter = (("partner", RelatedDropdownFilter), ("state", ChoicesDropdownFilter))
    actions_list = ("draft",)
    export_permission = EXPORT

    @admin.display(description=gettext_lazy("month"))
    def month_column(self, settlement: Settlement) -> str:
        return f"{settlement.month:%Y-%m}"

    @admin.display(description=gettext_lazy("partner"))
    def partner_column(self, settlement: Settlement) -> SafeString:
        return partner_link(settlement.partner)

    @display(description=gettext_lazy("state"), label=STATE_COLOURS)
    def state_column(self, settlement: Settlement) -> tuple[str, str]:
        state = Settlement.State(shown_state(settlement))
        return state.value, str(state.label)

    def get_urls(self) -> list[URLPattern]:
        export = path(
            "<path:object_id>/export/", self.admin_site.admin_view(self.export_view),
            name=self._url_name("export", is_qualified=False),
        )
        whole = self.get_queryset
        return [export, *action_urls(self, ACTIONS, whole), *super().get_urls()]

    def has_draft_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        return request.user.has_perm(DRAFT)

    @action(
        description=gettext_lazy("Draft a settlement"), url_path="draft", icon="receipt_long", permissions=["draft"],
    )
    def draft(self, request: HttpRequest) -> HttpResponse:
        """Ask with whom and of which month, and show the draft."""
        if not request.user.has_perm(DRAFT):
            raise PermissionDenied
        form = DraftForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            asked = form.cleaned_data
            try:
                settlement = draft_settlement(
                    asked["partner"], asked["month"], on=today(), at=timezone.now(), actor=cast(User, request.user)
                )
            except PlusdeskError as error:
                form.add_error(None, str(error))
            else:
                messages.success(request, _("The settlement was drafted."))
                return HttpResponseRedirect(reverse(self._url_name("change"), args=[settlement.pk]))
        request.current_app = self.admin_site.name  # type: ignore[attr-defined]
        context = {
            **self.admin_site.each_context(request), "opts": self.opts, "form": form,
            "title": _("Draft a settlement"), "submit_label": _("Draft a settlement"),
            "back_url": reverse(self._url_name("changelist")),
        }
        return TemplateResponse(
            request, "operations/reason_form.html", context, status=422 if form.errors else 200
        )

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The page of one settlement."""
        whole = self.get_queryset(request).select_related("partner", "statement")
        settlement = find_record(self, request, object_id, whole)
        state = Settlement.State(shown_state(settlement))
        buttons = offered(request, ACTIONS, settlement, on=today())
        if request.user.has_perm(EXPORT):
            buttons.append(Button(_("Export"), reverse(self._url_name("export"), args=[settlement.pk]), "default"))
        return show_page(
            self, request, "partners/settlement.html", settlement, settlement=settlement, state=state,
            colour=STATE_COLOURS[state], buttons=buttons,
            lines=settlement.lines.select_related("offer__benefit").order_by("source", "offer_id", "unit_cost"),
            adjustments=settlement.adjustments.select_related("actor").order_by("pk"),
            open_lines=open_lines(settlement.statement) if settlement.statement else 0,
            total=number_format(settlement.total, decimal_pos=2),
        )

    def export_view(self, request: HttpRequest, object_id: str) -> StreamingHttpResponse:
        """The settlement as CSV, for those who may take it away."""
        settlement = find_record(self, request, object_id, self.get_queryset(request).select_related("partner"))
        if not request.user.has_perm(EXPORT):
            raise PermissionDenied
        lines = export_settlement(settlement, get_language() or "zh-hans")
        response = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
        name = f"settlement-{settlement.partner.code}-{settlement.month:%Y-%m}.csv"
        response["Content-Disposition"] = f'attachment; filename="{name}"'
        response["Cache-Control"] = "no-store"
        return response

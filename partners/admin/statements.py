"""Statements of partners: the list, bringing one in, the page of one with its counts, and the work list of lines."""

from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import UploadedFile
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RelatedDropdownFilter
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from memberships.admin.display import today
from memberships.admin.pages import find_record, show_page
from operations.admin.base import ReadOnlyAdmin
from operations.admin.reasons import ask
from operations.errors import PlusdeskError
from operations.models import User
from partners.admin.display import partner_link
from partners.admin.statement_lines import RESOLVE, VERDICT_COLOURS
from partners.admin.statement_mappings import MappingForm, WhoseForm, save_mapping
from partners.models import Partner, PartnerStatement, Settlement, StatementLine
from partners.services.partner_statements import import_statement

IMPORT = "partners.import_partnerstatement"
STATE_COLOURS = {
    PartnerStatement.State.MATCHED: "info", PartnerStatement.State.SETTLED: "success",
    PartnerStatement.State.WITHDRAWN: "danger",
}


class StatementForm(forms.Form):
    """Whose statement, of which month, and the file."""

    partner = forms.ModelChoiceField(
        Partner.objects.order_by("pk"), label=gettext_lazy("Partner"), widget=UnfoldAdminSelectWidget()
    )
    month = forms.DateField(
        label=gettext_lazy("Month"), input_formats=["%Y-%m"], help_text=gettext_lazy("As 2027-01."),
        widget=UnfoldAdminTextInputWidget(attrs={"placeholder": "2027-01", "maxlength": 7}),
    )
    file = forms.FileField(
        label=gettext_lazy("File"), max_length=255,
        widget=forms.FileInput(attrs={"class": "desk-input", "accept": ".csv,.txt,.xlsx"}),
        help_text=gettext_lazy("CSV or XLSX. Nothing is written unless every line of it can be read."),
    )


@admin.register(PartnerStatement)
class PartnerStatementAdmin(ReadOnlyAdmin):
    """What partners bill, newest first."""

    list_display = ("month_column", "partner_column", "number", "state_column", "lines_read", "differing_column",
                    "matched_at", "imported_by")
    list_select_related = ("partner", "imported_by")
    list_filter = (("partner", RelatedDropdownFilter), ("state", ChoicesDropdownFilter))
    actions_list = ("bring_in", "set_mapping")

    @admin.display(description=gettext_lazy("month"))
    def month_column(self, statement: PartnerStatement) -> str:
        return f"{statement.month:%Y-%m}"

    @admin.display(description=gettext_lazy("partner"))
    def partner_column(self, statement: PartnerStatement) -> SafeString:
        return partner_link(statement.partner)

    @display(description=gettext_lazy("state"), label=STATE_COLOURS)
    def state_column(self, statement: PartnerStatement) -> tuple[str, str]:
        return statement.state, statement.get_state_display()

    @admin.display(description=gettext_lazy("differences"))
    def differing_column(self, statement: PartnerStatement) -> int:
        return differing(statement)

    def has_bring_in_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        return request.user.has_perm(IMPORT)

    @action(
        description=gettext_lazy("Import a statement"), url_path="import", icon="upload_file",
        permissions=["bring_in"],
    )
    def bring_in(self, request: HttpRequest) -> HttpResponse:
        """Ask for the file, match it, and show what came of it."""
        if not request.user.has_perm(IMPORT):
            raise PermissionDenied
        form = StatementForm(request.POST or None, request.FILES or None)
        if request.method == "POST" and form.is_valid():
            statement = _bring_in(request, form)
            if statement is not None:
                return HttpResponseRedirect(reverse(self._url_name("change"), args=[statement.pk]))
        return self._form_page(request, form)

    @action(
        description=gettext_lazy("How statements are read"), url_path="mapping", icon="rule", permissions=["bring_in"],
    )
    def set_mapping(self, request: HttpRequest) -> HttpResponse:
        """A partner's own headers and words; `?partner=` shows what there is of one."""
        if not request.user.has_perm(IMPORT):
            raise PermissionDenied
        chosen = request.GET.get("partner", "")
        partner = Partner.objects.filter(pk=chosen).first() if chosen.isascii() and chosen.isdecimal() else None
        address = reverse(self._url_name("changelist"))
        if partner is None and "columns" not in request.POST:
            return self._ask_whose(request, address)
        initial = {"partner": partner, **(partner.statement_mapping if partner else {})}
        form = MappingForm(request.POST or None, initial=initial)
        if request.method == "POST" and form.is_valid() and save_mapping(request, form):
            return HttpResponseRedirect(address)
        return ask(
            self, request, None, form, title=_("How statements are read"), submit_label=_("Save"), back_url=address,
            template="memberships/confirm.html", facts=((_("Partner"), partner),) if partner else (),
        )

    def _ask_whose(self, request: HttpRequest, back_url: str) -> HttpResponse:
        """First the partner, then the page with what there is of it."""
        form = WhoseForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            return HttpResponseRedirect(f"{request.path}?partner={form.cleaned_data['partner'].pk}")
        return ask(
            self, request, None, form, title=_("How statements are read"), submit_label=_("Continue"),
            back_url=back_url,
        )

    def _form_page(self, request: HttpRequest, form: StatementForm) -> HttpResponse:
        request.current_app = self.admin_site.name  # type: ignore[attr-defined]
        context = {
            **self.admin_site.each_context(request), "opts": self.opts, "title": _("Import a statement"),
            "form": form, "back_url": reverse(self._url_name("changelist")),
        }
        return TemplateResponse(
            request, "partners/statement_import.html", context, status=422 if form.errors else 200
        )

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The page of one statement."""
        whole = self.get_queryset(request).select_related("partner", "imported_by")
        statement = find_record(self, request, object_id, whole)
        return show_page(
            self, request, "partners/statement.html", statement, statement=statement,
            colour=STATE_COLOURS[PartnerStatement.State(statement.state)], verdicts=_verdicts(statement),
            matched=statement.counts.get("matched", 0), differing=differing(statement),
            withdrawn=_others(statement), can_resolve=request.user.has_perm(RESOLVE),
            settlement=Settlement.objects.filter(partner=statement.partner_id, month=statement.month).first(),
        )


def differing(statement: PartnerStatement) -> int:
    """How many lines differ."""
    return sum(number for verdict, number in statement.counts.items() if verdict != StatementLine.Verdict.MATCHED)


def _bring_in(request: HttpRequest, form: StatementForm) -> PartnerStatement | None:
    """The statement; None when the file was refused, with the reasons in the form."""
    asked = form.cleaned_data
    file = cast("UploadedFile[Any]", asked["file"])
    try:
        done = import_statement(
            asked["partner"], file, month=asked["month"], on=today(), at=timezone.now(),
            actor=cast(User, request.user),
        )
    except PlusdeskError as error:
        for words in [str(fault) for fault in getattr(error, "faults", ())][:100] or [str(error)]:
            form.add_error(None, words)
        return None
    if done.is_new:
        words = ngettext(
            "The statement was matched: %(count)s line differs.", "The statement was matched: %(count)s lines differ.",
            differing(done.statement),
        )
        messages.success(request, words % {"count": differing(done.statement)})
    else:
        messages.info(request, _("This file was imported already: nothing was done."))
    return done.statement


def lines_url(statement: PartnerStatement, **filters: str) -> str:
    """The work list, narrowed."""
    address = reverse("admin:partners_statementline_changelist")
    return f"{address}?{urlencode({'statement__id__exact': str(statement.pk), **filters})}"


def _verdicts(statement: PartnerStatement) -> list[dict[str, Any]]:
    """By verdict: how many lines, how many of them are open, and the way to them."""
    found = StatementLine.objects.filter(statement=statement).values("verdict").annotate(
        lines=Count("pk"), open=Count("pk", filter=Q(resolution=StatementLine.Resolution.OPEN))
    ).order_by("verdict")
    return [
        {
            **row, "label": StatementLine.Verdict(row["verdict"]).label,
            "colour": VERDICT_COLOURS[StatementLine.Verdict(row["verdict"])],
            "url": lines_url(statement, verdict__exact=row["verdict"]),
        }
        for row in found
    ]


def _others(statement: PartnerStatement) -> QuerySet[PartnerStatement]:
    """Other statements of the month, with how many of their lines were decided."""
    others = PartnerStatement.objects.filter(partner=statement.partner_id, month=statement.month)
    return others.exclude(pk=statement.pk).order_by("-number").annotate(
        decided=Count("lines", filter=~Q(lines__resolution=StatementLine.Resolution.OPEN))
    )

"""The work list of statements: lines that differ, narrowed by verdict, decided about one or many at once."""

from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RelatedDropdownFilter
from unfold.decorators import display
from unfold.widgets import UnfoldAdminSelectWidget

from memberships.admin.display import member_link
from memberships.admin.pages import find_record
from memberships.templatetags.figures import plain
from operations.admin.base import ReadOnlyAdmin
from operations.admin.reasons import ReasonForm, record_url
from operations.admin.search import SearchKind
from operations.errors import PlusdeskError
from operations.models import User
from partners.admin.words import state_in_words
from partners.models import StatementLine
from partners.services.partner_statements import reopen_lines, resolve_lines

RESOLVE = "partners.resolve_partnerstatement"
Verdict, Resolution = StatementLine.Verdict, StatementLine.Resolution
VERDICT_COLOURS = {
    Verdict.MATCHED: "success", Verdict.MISSING_HERE: "danger", Verdict.MISSING_THERE: "warning",
    Verdict.AMOUNT_DIFFERS: "danger", Verdict.STATE_DIFFERS: "warning", Verdict.DUPLICATE: "danger",
}
RESOLUTION_COLOURS = {
    Resolution.OPEN: "danger", Resolution.ACCEPT_THEIRS: "success", Resolution.ACCEPT_OURS: "success",
    Resolution.WRITE_OFF: "info", Resolution.DISPUTE: "warning",
}


class ResolveForm(ReasonForm):
    """What was decided, and why."""

    resolution = forms.ChoiceField(
        label=gettext_lazy("Resolution"), widget=UnfoldAdminSelectWidget(),
        choices=[choice for choice in Resolution.choices if choice[0] != Resolution.OPEN],
        help_text=gettext_lazy(
            "Theirs: what they bill is owed. Ours: what we expect is owed. Written off: nothing. "
            "Disputed: the lower of the two, until it is cleared up."
        ),
    )
    field_order = ("resolution", "reason")


def by_order() -> SearchKind:
    """By the whole of our number, or of the partner's number of a use."""
    return SearchKind(gettext_lazy("our number"), lambda term: Q(order=term), is_free=True)


@admin.register(StatementLine)
class StatementLineAdmin(ReadOnlyAdmin):
    """Differences between partners' statements and what we know."""

    list_display = (
        "line_column", "statement_column", "verdict_column", "resolution_column", "order_column", "member_column",
        "amounts_column", "states_column", "sku", "decided_column",
    )
    list_display_links = None
    list_select_related = ("statement__partner", "resolved_by", "fulfilment__member")
    list_filter = (
        ("statement", RelatedDropdownFilter), ("verdict", ChoicesDropdownFilter),
        ("resolution", ChoicesDropdownFilter),
    )
    index_search = (by_order(),)
    ordering = ("pk",)
    actions = ("resolve", "reopen")

    @admin.display(description=gettext_lazy("line"), empty_value="–")
    def line_column(self, line: StatementLine) -> int | None:
        return line.line

    @admin.display(description=gettext_lazy("statement"))
    def statement_column(self, line: StatementLine) -> SafeString:
        words = f"{line.statement.partner} · {line.statement}"
        return format_html('<a class="desk-link" href="{}">{}</a>', record_url(line.statement), words)

    @display(description=gettext_lazy("verdict"), label=VERDICT_COLOURS)
    def verdict_column(self, line: StatementLine) -> tuple[str, str]:
        return line.verdict, line.get_verdict_display()

    @admin.display(description=gettext_lazy("our number"))
    def order_column(self, line: StatementLine) -> SafeString | str:
        if line.fulfilment_id is None:
            return line.order
        address = reverse("admin:partners_fulfilment_change", args=[line.fulfilment_id])
        return format_html('<a class="desk-link" href="{}">{}</a>', address, line.order)

    @admin.display(description=gettext_lazy("member"))
    def member_column(self, line: StatementLine) -> SafeString | str:
        return member_link(line.fulfilment.member) if line.fulfilment else "–"

    @admin.display(description=gettext_lazy("billed / expected (CNY)"))
    def amounts_column(self, line: StatementLine) -> str:
        return _both(*("" if amount is None else plain(amount) for amount in (line.amount, line.expected)))

    @admin.display(description=gettext_lazy("state there / here"))
    def states_column(self, line: StatementLine) -> str:
        return _both(state_in_words(line.state), state_in_words(line.expected_state))

    @admin.display(description=gettext_lazy("decided"))
    def decided_column(self, line: StatementLine) -> str:
        """By whom and when, and why."""
        if line.resolved_at is None:
            return "–"
        day = date_format(timezone.localtime(line.resolved_at), "Y-m-d H:i")
        return " · ".join(filter(None, (str(line.resolved_by or ""), day, line.note)))

    @display(description=gettext_lazy("resolution"), label=RESOLUTION_COLOURS)
    def resolution_column(self, line: StatementLine) -> tuple[str, str]:
        return line.resolution, line.get_resolution_display()

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """A line has no page of its own: its statement has."""
        line = find_record(self, request, object_id, self.get_queryset(request))
        return HttpResponseRedirect(record_url(line.statement))

    def has_resolve_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        return request.user.has_perm(RESOLVE)

    @admin.action(description=gettext_lazy("Decide"), permissions=["resolve"])
    def resolve(self, request: HttpRequest, queryset: QuerySet[StatementLine]) -> HttpResponse | None:
        """The chosen ones: ask what and why, then do it."""
        return self._asked(request, queryset, ResolveForm, "resolve", _("Decide"))

    @admin.action(description=gettext_lazy("Open again"), permissions=["resolve"])
    def reopen(self, request: HttpRequest, queryset: QuerySet[StatementLine]) -> HttpResponse | None:
        """The chosen ones are open again, so that another decision can be made."""
        return self._asked(request, queryset, ReasonForm, "reopen", _("Open again"))

    def _asked(
        self, request: HttpRequest, queryset: QuerySet[StatementLine], form_class: type[ReasonForm], name: str,
        title: str,
    ) -> HttpResponse:
        if not self.has_resolve_permission(request):
            raise PermissionDenied
        chosen = list(queryset)
        form = form_class(request.POST if "reason" in request.POST else None)
        if form.is_bound and form.is_valid() and self._decide(request, chosen, form):
            return HttpResponseRedirect(request.get_full_path())
        request.current_app = self.admin_site.name  # type: ignore[attr-defined]
        context = {
            **self.admin_site.each_context(request), "opts": self.opts, "form": form, "title": title, "action": name,
            "submit_label": title, "lines": chosen, "back_url": request.get_full_path(),
        }
        return TemplateResponse(
            request, "partners/statement_resolve.html", context, status=422 if form.errors else 200
        )

    def _decide(self, request: HttpRequest, chosen: list[StatementLine], form: ReasonForm) -> bool:
        """Statement by statement; False when a service refused, with its reason in the form."""
        resolution = form.cleaned_data.get("resolution")
        done = 0
        facts: dict[str, Any] = {
            "note": form.cleaned_data["reason"], "at": timezone.now(), "actor": cast(User, request.user)
        }
        try:
            for statement in {line.statement_id: line.statement for line in chosen}.values():
                keys = [line.pk for line in chosen if line.statement_id == statement.pk]
                if resolution:
                    done += resolve_lines(statement, keys, resolution, **facts)
                else:
                    done += reopen_lines(statement, keys, **facts)
        except PlusdeskError as error:
            form.add_error(None, str(error))
            return False
        words = ngettext("%(count)s line was changed.", "%(count)s lines were changed.", done)
        messages.success(request, words % {"count": done})
        if left := len(chosen) - done:
            words = ngettext(
                "%(count)s line was decided about meanwhile, and stays as it is.",
                "%(count)s lines were decided about meanwhile, and stay as they are.", left,
            )
            messages.warning(request, words % {"count": left})
        return True


def _both(theirs: str, ours: str) -> str:
    """What the partner says, and what we know, side by side."""
    return f"{theirs or '–'} / {ours or '–'}"

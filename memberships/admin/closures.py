"""Closing an account: the page that says what goes, what stays and what stands in the way; the list of the closed."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from memberships.admin import lookups
from memberships.admin.display import member_link, today
from memberships.closing_approvals import CloseAccount
from memberships.models import AccountClosure, Member
from memberships.services.closures import blocks_of, what_closing_does
from operations.admin.approval_pages import open_requests, waits_in_words
from operations.admin.base import ReadOnlyAdmin
from operations.admin.panels import MemberPanel
from operations.admin.reasons import ReasonForm, record_url
from operations.admin.reasons import ask as ask_why
from operations.errors import PlusdeskError
from operations.models import Approval
from operations.services.approvals import ask

#: What was erased, in words, by the codes of operations/closing.Wiped.
WORDS = {
    "contacts": _("Contacts"), "remarks": _("Remarks"), "payment_methods": _("Payment methods"),
    "wallets": _("Points wallets"), "import_rows": _("Imported rows"), "attachments": _("Attachments"),
    "case_notes": _("Case notes"),
}


def erased_in_words(closure: AccountClosure) -> str:
    """ "Contacts: 1 · Case notes: 2"."""
    return " · ".join(f"{WORDS.get(what, what)}: {count}" for what, count in sorted(closure.erased.items()))


@admin.register(AccountClosure)
class AccountClosureAdmin(ReadOnlyAdmin):
    """Whose accounts were closed, by whom and why."""

    list_display = ("member_column", "on", "actor", "checker", "reason", "searched_at")
    list_select_related = ("member", "actor", "checker")
    fields = ("member_column", "on", "at", "actor", "checker", "reason", "erased_column", "searched_at")
    readonly_fields = ("member_column", "erased_column")
    index_search = (lookups.member_number("member"),)

    @admin.display(description=_("member"))
    def member_column(self, closure: AccountClosure) -> SafeString:
        return member_link(closure.member)

    @admin.display(description=pgettext_lazy("closed account", "erased"), empty_value="–")
    def erased_column(self, closure: AccountClosure) -> str:
        return erased_in_words(closure)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.close_view)
        return [path("close/<int:member_id>/", view, name="memberships_accountclosure_close"), *super().get_urls()]

    def close_view(self, request: HttpRequest, member_id: int) -> HttpResponse:
        """Say what happens, then ask a second person for it."""
        if not request.user.has_perm(CloseAccount.permission):
            raise PermissionDenied
        member = Member.objects.filter(pk=member_id).first()
        if member is None:
            raise Http404
        if AccountClosure.objects.filter(member=member).exists():
            messages.info(request, gettext("The account is closed already."))
            return HttpResponseRedirect(record_url(member))
        form = ReasonForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            try:
                asked = self._ask(request, member, form)
            except PlusdeskError as error:
                form.add_error(None, str(error))
            else:
                messages.warning(request, waits_in_words(asked))
                return HttpResponseRedirect(record_url(member))
        return ask_why(
            self, request, member, form, title=gettext("Close the account"), submit_label=gettext("Ask for it"),
            template="memberships/close_account.html", blocks=blocks_of(member, on=today()), does=what_closing_does(),
            facts=CloseAccount().describe(CloseAccount.payload_of(member)).figures,
            open_requests=open_requests(request, member, at=timezone.now()),
        )

    def _ask(self, request: HttpRequest, member: Member, form: Any) -> Approval:
        """The request; nobody closes an account alone."""
        result = ask(
            CloseAccount.name, CloseAccount.payload_of(member), actor=request.user, on=today(),  # type: ignore[arg-type]
            at=timezone.now(), reason=form.cleaned_data["reason"],
        )
        assert isinstance(result, Approval)
        return result


class ClosurePanel(MemberPanel):
    """That the account is closed, or the way to closing it."""

    name = "closure"
    permission = "memberships.view_accountclosure"
    template = "memberships/closure_panel.html"
    is_last = True

    def context(self, request: HttpRequest, member_id: int) -> dict[str, Any]:
        closure = AccountClosure.objects.select_related("actor", "checker").filter(member=member_id).first()
        may_close = closure is None and request.user.has_perm(CloseAccount.permission)
        return {
            "closure": closure, "erased": erased_in_words(closure) if closure else "",
            "close_url": reverse("admin:memberships_accountclosure_close", args=[member_id]) if may_close else "",
        }

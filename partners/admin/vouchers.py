"""Voucher codes: pools in figures, the list of codes by what they end in, void, and shown in full with a reason."""

import re
from datetime import date
from typing import Any, cast

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.cache import never_cache
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RelatedDropdownFilter
from unfold.decorators import action, display

from memberships.admin.actions import Asked, Button, ConfirmForm, RecordAction, Told, action_urls, offered
from memberships.admin.display import member_link, today
from memberships.admin.pages import find_record, show_page
from operations.admin.base import ReadOnlyAdmin
from operations.admin.reasons import ReasonForm, ask
from operations.admin.search import SearchKind
from operations.errors import PlusdeskError
from operations.models import User
from partners.admin.display import partner_link
from partners.models import CodeStock, Offer, VoucherCode
from partners.services.reasons import reason_in_words
from partners.services.voucher_import import IMPORTER
from partners.services.vouchers import MOST_VOIDED, is_code, pool_of, reveal_code, void_codes

VOID, REVEAL = "partners.void_vouchercode", "partners.reveal_vouchercode"
STATE_COLOURS = {
    VoucherCode.State.AVAILABLE: "success", VoucherCode.State.CLAIMED: "info", VoucherCode.State.VOID: "danger",
    VoucherCode.State.EXPIRED: "warning",
}
_CODE, _NUMBERS = re.compile(r"[!-~]{6,64}"), re.compile(r"#\d{1,18}(?: #\d{1,18})*", re.ASCII)


def by_code() -> SearchKind:
    """By the whole code, which is money, and so stands in no address."""
    return SearchKind(
        gettext_lazy("whole voucher code"),
        lambda term: is_code(term) if _CODE.fullmatch(term) and not term.startswith("#") else None,
        is_private=True,
    )


def by_number() -> SearchKind:
    """By our numbers of codes, which are what a search for a code goes on with."""

    def condition(term: str) -> Q | None:
        numbers = [int(number[1:]) for number in term.split()] if _NUMBERS.fullmatch(term) else []
        return Q(pk__in=numbers) if numbers else None

    return SearchKind(gettext_lazy("number (#123)"), condition)


class VoidAction(RecordAction[VoucherCode]):
    """For good: of one that was given, the fulfilment is revoked."""

    name = "void"
    label = gettext_lazy("Void the code")
    permission = VOID
    variant = "danger"

    def is_offered(self, record: VoucherCode, *, on: date) -> bool:
        return record.state in (VoucherCode.State.AVAILABLE, VoucherCode.State.CLAIMED)

    def seen(self, record: VoucherCode) -> str:
        return record.state

    def asked(self, record: VoucherCode, data: Any, *, seen: str, on: date) -> Asked:
        if not self.is_offered(record, on=on):
            return Asked(refusal=_("This code is void or over already."))
        note = gettext_lazy("Nobody is given this code any more. This cannot be undone.")
        if record.state == VoucherCode.State.CLAIMED:
            note = gettext_lazy(
                "A member has this code: agree with the partner that it is not honoured. The fulfilment is revoked, "
                "and the use can be taken back. This cannot be undone."
            )
        facts = ((_("Code"), str(record)), (_("Offer"), record.offer), (_("State"), record.get_state_display()))
        return Asked(ConfirmForm(data, seen=seen), facts=facts, note=note)

    def do(self, record: VoucherCode, form: Any, *, on: date, request: HttpRequest) -> Told:
        void_codes(
            [record.pk], reason=form.cleaned_data["reason"], on=on, at=timezone.now(), actor=cast(User, request.user)
        )
        return Told(messages.SUCCESS, _("The code is void."))

    def page_of(self, record: VoucherCode) -> str:
        return reverse("admin:partners_vouchercode_change", args=[record.pk])


ACTIONS: tuple[RecordAction[VoucherCode], ...] = (VoidAction(),)


@admin.register(VoucherCode)
class VoucherCodeAdmin(ReadOnlyAdmin):
    """Codes, newest first; never in full."""

    list_display = (
        "ending_column", "offer_column", "partner_column", "state_column", "expires_on", "member_column", "claimed_at",
    )
    list_select_related = ("offer__benefit", "partner", "fulfilment__member")
    list_filter = (("offer", RelatedDropdownFilter), ("state", ChoicesDropdownFilter))
    index_search = (by_code(), by_number())
    actions = ("void_many",)
    actions_list = ("pools", "bring_in")

    def record_number(self, key: Any) -> str:
        return f"#{key}"

    @admin.display(description=gettext_lazy("ends in"))
    def ending_column(self, code: VoucherCode) -> str:
        return str(code)

    @admin.display(description=gettext_lazy("offer"))
    def offer_column(self, code: VoucherCode) -> str:
        return f"{code.offer.benefit} · {code.offer.sku}"

    @admin.display(description=gettext_lazy("partner"))
    def partner_column(self, code: VoucherCode) -> SafeString:
        return partner_link(code.partner)

    @display(description=gettext_lazy("state"), label=STATE_COLOURS)
    def state_column(self, code: VoucherCode) -> tuple[str, str]:
        return code.state, code.get_state_display()

    @admin.display(description=gettext_lazy("member"))
    def member_column(self, code: VoucherCode) -> SafeString | str:
        return member_link(code.fulfilment.member) if code.fulfilment else "–"

    def has_void_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(VOID)

    def has_bring_in_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        return request.user.has_perm("partners.import_vouchercode")

    @action(description=gettext_lazy("Pools"), url_path="pools", icon="inventory_2")
    def pools(self, request: HttpRequest) -> HttpResponse:
        """What is left of each offer's codes."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        request.current_app = self.admin_site.name  # type: ignore[attr-defined]
        context = {
            **self.admin_site.each_context(request), "opts": self.opts, "title": _("Pools of voucher codes"),
            "rows": _pools(on=today()), "back_url": reverse(self._url_name("changelist")),
        }
        return TemplateResponse(request, "partners/voucher_pools.html", context)

    @action(
        description=gettext_lazy("Import codes"), url_path="import", icon="upload_file", permissions=["bring_in"]
    )
    def bring_in(self, request: HttpRequest) -> HttpResponse:
        """The upload page of the house, for codes."""
        return HttpResponseRedirect(f"{reverse('admin:operations_importbatch_add')}?importer={IMPORTER}")

    @admin.action(description=gettext_lazy("Void"), permissions=["void"])
    def void_many(self, request: HttpRequest, queryset: QuerySet[VoucherCode]) -> HttpResponse | None:
        """The chosen ones: ask why, then do it."""
        chosen = list(queryset[:MOST_VOIDED])
        form = ReasonForm(request.POST if "reason" in request.POST else None)
        if form.is_bound and form.is_valid() and self._void(request, form, chosen):
            return HttpResponseRedirect(request.get_full_path())
        return ask(
            self, request, None, form, title=_("Void"), submit_label=_("Void"), template="partners/voucher_void.html",
            back_url=request.get_full_path(), codes=chosen,
            note=_("Of codes that members have, the fulfilments are revoked. This cannot be undone."),
        )

    @staticmethod
    def _void(request: HttpRequest, form: ReasonForm, chosen: list[VoucherCode]) -> bool:
        try:
            done = void_codes(
                [code.pk for code in chosen], reason=form.cleaned_data["reason"], on=today(), at=timezone.now(),
                actor=cast(User, request.user),
            )
        except PlusdeskError as error:
            form.add_error(None, str(error))
            return False
        words = ngettext("%(count)s code is void now.", "%(count)s codes are void now.", len(done))
        messages.success(request, words % {"count": len(done)})
        return True

    # --- one code

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.reveal_view)
        reveal_url = path("<int:object_id>/reveal/", view, name=self._url_name("reveal", is_qualified=False))
        return [reveal_url, *action_urls(self, ACTIONS, self.whole), *super().get_urls()]

    def whole(self, request: HttpRequest) -> QuerySet[VoucherCode]:
        """Codes with all that their page needs."""
        found: QuerySet[VoucherCode] = self.get_queryset(request)
        return found.select_related("offer__benefit", "partner", "fulfilment__member", "batch", "voided_by")

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The page of one code."""
        code = find_record(self, request, object_id, self.whole(request))
        buttons = offered(request, ACTIONS, code, on=today())
        if request.user.has_perm(REVEAL):
            url = reverse(self._url_name("reveal"), args=[code.pk])
            buttons.insert(0, Button(_("Show the code"), url, "default"))
        return show_page(
            self, request, "partners/voucher.html", code, code=code, buttons=buttons,
            colour=STATE_COLOURS[VoucherCode.State(code.state)], void_reason=reason_in_words(code.void_reason),
        )

    @method_decorator(never_cache)
    def reveal_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Ask why; on a reason, note it and show the code, once."""
        if not request.user.has_perm(REVEAL):
            raise PermissionDenied
        code = find_record(self, request, str(object_id), self.whole(request))
        form = ReasonForm(request.POST or None)
        if request.method != "POST" or not form.is_valid():
            return ask(
                self, request, code, form, title=_("Show the code"), submit_label=_("Show"),
                note=_("Who looks, at what and why is kept for ever."),
            )
        text = reveal_code(
            code, reason=form.cleaned_data["reason"], actor=cast(User, request.user), at=timezone.now()
        )
        return ask(
            self, request, code, form, title=_("Voucher code"), submit_label="",
            template="operations/revealed.html", shown=[(_("Code"), text)],
        )


def _pools(*, on: date) -> list[dict[str, Any]]:
    """Each offer of codes that is in force or will be, those in want first."""
    offers = Offer.objects.filter(Q(ends_on=None) | Q(ends_on__gte=on), mode=Offer.Mode.VOUCHERS)
    low = set(CodeStock.objects.filter(low_since__isnull=False).values_list("offer", flat=True))
    rows = [
        {"offer": offer, "pool": pool_of(offer.pk), "is_low": offer.pk in low}
        for offer in offers.select_related("benefit", "partner").order_by("partner", "pk")
    ]
    return sorted(rows, key=lambda row: not row["is_low"])

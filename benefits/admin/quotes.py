"""Pricing policies by version, and two pages that ask and change nothing: a price, and an after-sales right."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import RelatedDropdownFilter
from unfold.decorators import action

from benefits.admin.quote_forms import AfterSalesForm, LineFormSet, QuoteForm, lines_of
from benefits.models import PricingPolicy
from benefits.policies import policy_data
from benefits.pricing.quotes import Quote
from benefits.pricing.words import step_label
from benefits.services.after_sales import answer_after_sales
from benefits.services.quotes import quote_order
from memberships.admin.display import today
from memberships.admin.pages import find_record, show_page
from operations.admin.base import ReadOnlyAdmin
from operations.errors import PlusdeskError

#: Whose rights are asked about is a member, whom one has to be allowed to see.
MAY_ASK = ("memberships.view_member", "benefits.view_grant", "benefits.view_benefit")


@admin.register(PricingPolicy)
class PricingPolicyAdmin(ReadOnlyAdmin):
    """Every version, newest first; the page of one has its steps."""

    list_display = ("programme", "starts_on", "ends_on", "steps_column", "rounding", "rounding_unit", "rounding_per")
    list_select_related = ("programme",)
    list_filter = (("programme", RelatedDropdownFilter),)
    actions_list = ("quote", "after_sales")

    @admin.display(description=_("steps"))
    def steps_column(self, policy: PricingPolicy) -> str:
        return " → ".join(step_label(step["kind"]) for step in policy.steps)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The page of one version."""
        policy = find_record(self, request, object_id, self.get_queryset(request).select_related("programme"))
        steps = [{**step, "label": step_label(step["kind"])} for step in policy_data(policy)["steps"]]
        name = f"{policy.programme} · {policy.starts_on.isoformat()}"
        return show_page(
            self, request, "benefits/quote_policy.html", policy, policy=policy, steps=steps, title=name, original=name
        )

    def has_ask_permission(self, request: HttpRequest) -> bool:
        """Whether the user may ask for a member's price or right."""
        return self.has_view_permission(request) and request.user.has_perms(MAY_ASK)

    @action(description=_("Try a price"), permissions=["ask"], icon="calculate", url_path="quote")
    def quote(self, request: HttpRequest) -> HttpResponse:
        """What an order would cost, or cost on a past day; nothing is kept."""
        if not self.has_ask_permission(request):
            raise PermissionDenied
        posted = request.POST if request.method == "POST" else None
        form, lines = QuoteForm(posted, initial={"on": today()}), LineFormSet(posted, prefix="lines")
        result = _quote(form, lines) if form.is_bound and form.is_valid() and lines.is_valid() else None
        return self._page(
            request, "benefits/quote.html", title=gettext("Try a price"), form=form, lines=lines, quote=result,
            rows=_rows(result) if result else [], has_errors=posted is not None and result is None,
        )

    @action(description=_("Ask about after-sales rights"), permissions=["ask"], icon="build", url_path="after-sales")
    def after_sales(self, request: HttpRequest) -> HttpResponse:
        """Whether goods may be replaced, exchanged or sent back."""
        if not self.has_ask_permission(request):
            raise PermissionDenied
        form = AfterSalesForm(request.POST if request.method == "POST" else None, initial={"on": today()})
        answer = None
        if form.is_bound and form.is_valid():
            facts = form.cleaned_data
            try:
                answer = answer_after_sales(facts["member"], form.purchase(), on=facts["on"])
            except PlusdeskError as error:
                form.add_error(None, str(error))
        return self._page(
            request, "benefits/quote_after_sales.html", title=gettext("Ask about after-sales rights"), form=form,
            answer=answer, has_errors=bool(form.errors),
        )

    def _page(self, request: HttpRequest, template: str, *, has_errors: bool, **context: Any) -> HttpResponse:
        request.current_app = self.admin_site.name  # type: ignore[attr-defined]
        page = {**self.admin_site.each_context(request), "opts": self.opts, **context}
        return TemplateResponse(request, template, page, status=422 if has_errors else 200)


def _quote(form: QuoteForm, lines: Any) -> Quote | None:
    """The price; None, and the form says why, when there can be none."""
    facts = form.cleaned_data
    try:
        return quote_order(
            facts["member"], facts["programme"], lines_of(lines.forms), on=facts["on"], freight=form.freight(),
            order_number=facts["order_number"],
        )
    except PlusdeskError as error:
        form.add_error(None, str(error))
        return None


def _rows(quote: Quote) -> list[dict[str, Any]]:
    """The steps as rows of a table: by line, in all, and the price after each."""
    keys = list(quote.steps[0].lines)
    return [{"step": step, "amounts": [(key, step.lines.get(key)) for key in keys]} for step in quote.steps]

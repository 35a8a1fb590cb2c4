"""Credit policies in words, as programme files say them, and the holiday calendar."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import BooleanRadioFilter, RelatedDropdownFilter

from credit.models import CreditPolicy, Holiday
from credit.policies import section_of
from credit.programme_files.words import policy_in_words
from memberships.admin.pages import find_record, show_page
from operations.admin.base import ReadOnlyAdmin


@admin.register(CreditPolicy)
class CreditPolicyAdmin(ReadOnlyAdmin):
    """Every version, newest first. Programme files change them."""

    list_display = ("programme", "starts_on", "ends_on", "plans_column", "rules_column")
    list_select_related = ("programme",)
    list_filter = (("programme", RelatedDropdownFilter),)

    @admin.display(description=_("plans with credit"))
    def plans_column(self, policy: CreditPolicy) -> str:
        return ", ".join(policy.offers)

    @admin.display(description=_("blocking rules"))
    def rules_column(self, policy: CreditPolicy) -> int:
        return len(policy.blocking)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The page of one version."""
        policy = find_record(self, request, object_id, self.get_queryset(request).select_related("programme"))
        name = f"{policy.programme} · {policy.starts_on.isoformat()}"
        return show_page(
            self, request, "credit/policy.html", policy, policy=policy, title=name, original=name,
            sentences=list(policy_in_words(section_of(policy))),
        )


@admin.register(Holiday)
class HolidayAdmin(ReadOnlyAdmin):
    """Days that are not what their weekday says, the latest first."""

    list_display = ("on", "name", "is_workday")
    list_filter = (("is_workday", BooleanRadioFilter),)
    ordering = ("-on",)

"""Enterprise customers: the list, the page of a firm, and changing it with a reason."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from unfold.contrib.filters.admin import DropdownFilter
from unfold.decorators import action

from memberships.admin import lookups
from memberships.admin.customer_form import CustomerForm
from memberships.admin.display import cards, masked_contact, member_link, owner_prefetches
from memberships.admin.sections import history_sources, member_sections
from memberships.importers import EnterpriseCustomerResource
from memberships.models import EnterpriseCustomer, Member
from memberships.models.customers import Flag, Size
from memberships.services.customers import CustomerInvalidError, change_customer
from operations.admin.base import ReadOnlyAdmin
from operations.admin.filters import IndexedValuesFilter, distinct_values
from operations.admin.history import HistorySource
from operations.admin.list_columns import Column
from operations.admin.reasons import ask, record_url
from operations.errors import PlusdeskError


class ProvinceFilter(IndexedValuesFilter):
    title = gettext_lazy("province")
    parameter_name = "province"


class CityFilter(DropdownFilter):
    """The cities of the province that was chosen: there are too many to choose from all."""

    title = gettext_lazy("city")
    parameter_name = "city"

    def __init__(self, request: HttpRequest, params: dict[str, Any], model: type[Model], model_admin: Any) -> None:
        self.province = request.GET.get("province", "")
        super().__init__(request, params, model, model_admin)

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        found = distinct_values(EnterpriseCustomer, "city", within=("province", self.province)) if self.province else []
        return [(city, city) for city in found]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(city=self.value()) if self.province and self.value() else queryset


class IndustryFilter(IndexedValuesFilter):
    title = gettext_lazy("industry")
    parameter_name = "industry"


class SizeFilter(DropdownFilter):
    title = gettext_lazy("size")
    parameter_name = "size"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(Size.choices)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(size=self.value()) if self.value() in Size.values else queryset


@admin.register(EnterpriseCustomer)
class EnterpriseCustomerAdmin(ReadOnlyAdmin):
    """Firms, newest first. The form is read-only; "Change" leads to a page that asks why."""

    list_display = (
        "legal_name", "credit_code", "province", "city", "industry", "size", "contact_column", "cards_column"
    )
    list_filter = (ProvinceFilter, CityFilter, IndustryFilter, SizeFilter)
    fieldsets = (
        (None, {"fields": ("legal_name", "credit_code", "number_column", "external_id", "joined_column")}),
        (gettext_lazy("Firm"), {"fields": ("province", "city", "industry", "size", "flags_column", "remarks")}),
    )
    readonly_fields = ("number_column", "joined_column", "flags_column")
    change_form_outer_after_template = "memberships/member_sections.html"

    class Media:
        css = {"all": ["operations/desk.css"]}

    actions_detail = ("edit",)
    export_permission = "memberships.export_enterprisecustomer"
    has_personal_data = has_personal_export = True
    index_search = (
        lookups.legal_name(),
        lookups.credit_code(),
        lookups.external_id(),
        lookups.member_number(),
        lookups.mobile(),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[EnterpriseCustomer]:
        queryset: QuerySet[EnterpriseCustomer] = super().get_queryset(request).select_related("member")
        return queryset.prefetch_related(*owner_prefetches("member__"))

    def export_columns(self, request: HttpRequest, names: Any, *, is_masked: bool) -> list[Column]:
        """Those of the import: a file that was taken away and mended can be brought in again."""
        fields = EnterpriseCustomerResource.columns(is_masked=is_masked)
        return [Column(field.header(get_language() or "zh-hans"), field.cell) for field in fields]

    def export_queryset(self, queryset: QuerySet[EnterpriseCustomer]) -> QuerySet[EnterpriseCustomer]:
        return EnterpriseCustomerResource().filter_export(queryset.prefetch_related(None))

    @admin.display(description=gettext_lazy("member number"))
    def number_column(self, customer: EnterpriseCustomer) -> SafeString:
        return member_link(customer.member)

    @admin.display(description=gettext_lazy("joined on"))
    def joined_column(self, customer: EnterpriseCustomer) -> Any:
        return customer.member.joined_on

    @admin.display(description=gettext_lazy("flags"), empty_value="–")
    def flags_column(self, customer: EnterpriseCustomer) -> str:
        return _(", ").join(str(dict(Flag.choices).get(flag, flag)) for flag in customer.flags)

    @admin.display(description=gettext_lazy("contact"), empty_value="–")
    def contact_column(self, customer: EnterpriseCustomer) -> str:
        return masked_contact(customer.member)

    @admin.display(description=gettext_lazy("cards"), empty_value="–")
    def cards_column(self, customer: EnterpriseCustomer) -> str:
        return cards(customer.member)

    def record_number(self, key: Any) -> str:
        return Member(pk=key).number

    def history_sources(self, record: Model) -> list[HistorySource]:
        return history_sources(record.member)  # type: ignore[attr-defined]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        customer = self.get_object(request, object_id)
        may_view = customer is not None and self.has_view_permission(request, customer)
        sections = member_sections(request, customer.member) if may_view else {}
        context = {**sections, **(extra_context or {})}
        response: HttpResponse = super().change_view(request, object_id, form_url, context)
        return response

    def has_edit_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """Asked for by method, not by code: Unfold looks codes up before there is a table of them."""
        return request.user.has_perm("memberships.change_enterprisecustomer")

    @action(
        description=gettext_lazy("Change"), url_path="edit", icon="edit",
        permissions=["edit"],
    )
    def edit(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The form with a reason; the service checks, locks and saves."""
        customer = self.get_object(request, object_id)
        if customer is None:
            raise Http404
        form = CustomerForm(request.POST or None, customer=customer)
        if request.method == "POST" and form.is_valid() and self._change(request, customer, form):
            messages.success(request, _("The customer was changed."))
            return HttpResponseRedirect(record_url(customer))
        return ask(self, request, customer, form, title=_("Change the customer"), submit_label=_("Save"))

    def _change(self, request: HttpRequest, customer: EnterpriseCustomer, form: CustomerForm) -> bool:
        """Whether the service took it; what it did not like stands at its field."""
        try:
            change_customer(
                customer, changes=form.changes(), reason=form.cleaned_data["reason"],
                actor=request.user, seen=form.cleaned_data["seen"],  # type: ignore[arg-type]
            )
        except CustomerInvalidError as error:
            for name, faults in error.faults.items():
                for fault in faults:
                    form.add_error(name if name in form.fields else None, forms.ValidationError(fault))
        except PlusdeskError as error:
            form.add_error(None, str(error))
        return not form.errors

"""Lists of enterprise customers: the columns of the file, and those of our own exports."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import polars as pl
from django.db.models import OuterRef, QuerySet, Subquery
from django.utils.translation import gettext_lazy as _
from import_export.resources import ModelResource

from memberships.models import (
    CreditRequest,
    EnterpriseCustomer,
    MemberContact,
    Plan,
    StagedEnterpriseCustomer,
    Subscription,
)
from memberships.models.customers import Flag, Size
from memberships.models.programmes import Audience
from memberships.services import customer_import, customer_import_undo
from operations.imports.checking import Layout
from operations.imports.fields import ImportField
from operations.imports.importer import CrossCheck, Importer
from operations.imports.widgets import (
    AmountWidget,
    ChoiceWidget,
    CodeWidget,
    CreditCodeWidget,
    EmailWidget,
    FlagsWidget,
    MobileWidget,
    ProseWidget,
    RecordWidget,
    TextWidget,
    WholeNumberWidget,
    folded,
    unambiguous,
)
from operations.models import ImportBatch

SIZES = {
    "大型": Size.LARGE, "中型": Size.MEDIUM, "小型": Size.SMALL, "微型": Size.MICRO,
    **{size.value: size for size in Size},
}
FLAGS = {
    "专精特新": Flag.SPECIALISED, "世界500强": Flag.FORTUNE500,
    **{flag.value: flag for flag in Flag},
}


class EnterpriseCustomerResource(ModelResource):
    """The columns of a list of enterprise customers, in the order of our own exports."""

    legal_name = ImportField(
        attribute="legal_name", staged="legal_name", headers=("企业名称", "legal name", "name"),
        widget=TextWidget(200), is_required=True,
    )
    credit_code = ImportField(
        attribute="credit_code", staged="credit_code",
        headers=("统一社会信用代码", "unified social credit code", "credit code"),
        widget=CreditCodeWidget(), is_required=True,
    )
    contact_name = ImportField(
        attribute="contact_name", staged="contact_name", headers=("联系人", "contact"),
        widget=TextWidget(100), is_personal="name",
    )
    mobile = ImportField(
        attribute="mobile", staged="mobile", headers=("手机号", "mobile"),
        widget=MobileWidget(), is_personal="mobile",
    )
    email = ImportField(
        attribute="email", staged="email", headers=("邮箱", "email"),
        widget=EmailWidget(), is_personal="email",
    )
    province = ImportField(attribute="province", staged="province", headers=("省份", "province"), widget=TextWidget(50))
    city = ImportField(attribute="city", staged="city", headers=("城市", "city"), widget=TextWidget(50))
    industry = ImportField(
        attribute="industry", staged="industry", headers=("行业", "industry"), widget=TextWidget(100)
    )
    size = ImportField(
        attribute="size", staged="size", headers=("企业规模", "size"),
        widget=ChoiceWidget(SIZES), hint=_("large, medium, small or micro"),
    )
    flags = ImportField(
        attribute="flags", staged="flags", headers=("标签", "flags"),
        widget=FlagsWidget(FLAGS), hint=_("several are separated by a comma"),
    )
    plan = ImportField(
        attribute="plan_code", staged="plan_id", headers=("会员卡", "plan code", "plan"),
        widget=TextWidget(), is_required=True, hint=_("code of a plan on sale"),
    )
    requested_limit = ImportField(
        attribute="requested_limit", staged="requested_limit",
        headers=("申请额度", "requested credit limit", "requested limit"), widget=AmountWidget(), hint=_("in yuan"),
    )
    requested_term_days = ImportField(
        attribute="requested_term_days", staged="requested_term_days",
        headers=("申请账期", "requested term days", "term days"), widget=WholeNumberWidget(), hint=_("in days"),
    )
    external_id = ImportField(
        attribute="external_id", staged="external_id", headers=("外部编号", "external id"), widget=CodeWidget(64)
    )
    remarks = ImportField(
        attribute="remarks", staged="remarks", headers=("备注", "remarks"), widget=ProseWidget(10_000)
    )

    class Meta:
        model = EnterpriseCustomer
        import_id_fields = ["credit_code"]
        fields = (
            "legal_name", "credit_code", "contact_name", "mobile", "email", "province", "city", "industry", "size",
            "flags", "plan", "requested_limit", "requested_term_days", "external_id", "remarks",
        )

    @classmethod
    def columns(cls, *, is_masked: bool) -> list[ImportField]:
        """The columns of an export; personal data as told."""
        fields: list[ImportField] = cls().get_export_fields()
        if not is_masked:
            # The fields of a resource are copies of its own.
            for field in fields:
                field.is_personal = ""
        return fields

    def filter_export(self, queryset: QuerySet[EnterpriseCustomer], **kwargs: Any) -> QuerySet[EnterpriseCustomer]:
        """Customers with their contact, card and credit request, which stand in tables of their own."""
        of_customer = {"member": OuterRef("pk")}
        contact = MemberContact.objects.filter(is_primary=True, **of_customer)
        request = CreditRequest.objects.filter(state=CreditRequest.State.OPEN, **of_customer)
        card = Subscription.objects.live().filter(programme__audience=Audience.ENTERPRISE, **of_customer)
        return queryset.annotate(
            contact_name=Subquery(contact.values("name")[:1]),
            mobile=Subquery(contact.values("mobile")[:1]),
            email=Subquery(contact.values("email")[:1]),
            plan_code=Subquery(card.order_by("-requested_on", "-pk").values("plan__code")[:1]),
            requested_limit=Subquery(request.values("limit")[:1]),
            requested_term_days=Subquery(request.values("term_days")[:1]),
        )


def plans_on_sale(*, on: date) -> list[Plan]:
    """The enterprise plans that can be bought on a day."""
    plans = Plan.objects.on_sale(on=on).filter(programme__audience=Audience.ENTERPRISE)
    return list(plans.select_related("programme").order_by("-price", "pk"))


class PlanWidget(RecordWidget):
    """A plan on sale, by its code or name, or by programme and code where another programme has that code too."""

    code = "unknown_plan"

    def __init__(self, plans: list[Plan]) -> None:
        super().__init__(unambiguous(
            (word, str(plan.pk))
            for plan in plans for word in (plan.code, plan.name, plan.name_en, f"{plan.programme.code}/{plan.code}")
        ))
        self.plans = {plan.pk: plan for plan in plans}
        self._expected = [
            plan.code if folded(plan.code) in self.words else f"{plan.programme.code}/{plan.code}" for plan in plans
        ]

    @property
    def expected(self) -> str:
        return ", ".join(self._expected)

    def name(self, plan_id: int) -> str:
        """The plan's name in the language of the moment."""
        return str(self.plans.get(plan_id) or Plan.objects.get(pk=plan_id))


class EnterpriseCustomerImporter(Importer):
    """Lists of firms with their card and, kept as a request, the credit they ask for."""

    name = "enterprise-customers"
    label = _("enterprise customers")
    permission = "memberships.import_enterprisecustomer"
    resource = EnterpriseCustomerResource
    staged = StagedEnterpriseCustomer
    written = customer_import_undo.WRITTEN
    label_column = "legal_name"

    def records(self, *, on: date) -> dict[str, RecordWidget]:
        """The plans on sale that day; a plan's code or Chinese name stands for the version on sale."""
        return {"plan_id": PlanWidget(plans_on_sale(on=on))}

    def show(self, field: ImportField, value: Any) -> str:
        """Codes are shown as the words people know."""
        if field.staged == "size":
            return str(Size(value).label)
        if field.staged == "flags":
            return ", ".join(str(Flag(flag).label) for flag in value)
        return super().show(field, value)

    def show_change(self, field: ImportField, text: str) -> str:
        if field.staged == "size" and text:
            return self.show(field, text)
        if field.staged == "flags" and text:
            return self.show(field, text.split(", "))
        return text

    def cross_check(self, layout: Layout, *, on: date) -> CrossCheck:
        """A request above the caps of the row's plan is refused."""
        plans = plans_on_sale(on=on)
        present = layout.column_names()
        plan_caps: dict[str, dict[int, Decimal | int | None]] = {
            "requested_limit": {plan.pk: plan.credit_limit_cap for plan in plans},
            "requested_term_days": {plan.pk: plan.credit_term_days_cap for plan in plans},
        }
        caps = {name: _by_plan(by_plan) for name, by_plan in plan_caps.items() if name in present}
        faults = [
            pl.coalesce(
                pl.col(f"fault:{name}"),
                pl.when(pl.col(name).cast(pl.Float64, strict=False) > cap.cast(pl.Float64)).then(pl.lit("over_cap")),
            ).alias(f"fault:{name}")
            for name, cap in caps.items()
        ]
        return CrossCheck(faults=faults, expected={f"{name}:over_cap": cap for name, cap in caps.items()})

    def resolve_file(self, batch: ImportBatch) -> None:
        customer_import.resolve_repeats(batch)

    def compare(self, batch: ImportBatch, *, on: date, is_preview: bool) -> None:
        customer_import.compare_with_customers(batch, on=on, is_preview=is_preview)

    def apply(self, batch: ImportBatch, first: int, last: int, *, on: date) -> tuple[int, int]:
        return customer_import.apply_rows(batch, first, last, on=on)

    def undo(self, batch: ImportBatch, first: int, last: int) -> tuple[int, int]:
        return customer_import_undo.undo_rows(batch, first, last)


def _by_plan(caps: Mapping[int, Decimal | int | None]) -> pl.Expr:
    """The cap of each row's plan as text, null where there is none."""
    texts = {str(plan): str(cap) for plan, cap in caps.items() if cap is not None}
    if not texts:
        return pl.lit(None, dtype=pl.String)
    return pl.col("plan_id").replace_strict(texts, default=None, return_dtype=pl.String)

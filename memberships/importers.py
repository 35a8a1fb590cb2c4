"""What may be imported on this floor, and the columns of each kind of file."""

from datetime import date
from decimal import Decimal

import polars as pl
from django.utils.translation import gettext_lazy as _
from import_export.resources import ModelResource

from memberships.models import EnterpriseCustomer, Plan, StagedEnterpriseCustomer
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
    TextWidget,
    WholeNumberWidget,
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
        attribute="primary_contact__name", staged="contact_name", headers=("联系人", "contact"),
        widget=TextWidget(100), is_personal="name",
    )
    mobile = ImportField(
        attribute="primary_contact__mobile", staged="mobile", headers=("手机号", "mobile"),
        widget=MobileWidget(), is_personal="mobile",
    )
    email = ImportField(
        attribute="primary_contact__email", staged="email", headers=("邮箱", "email"),
        widget=EmailWidget(), is_personal="email",
    )
    province = ImportField(attribute="province", staged="province", headers=("省份", "province"), widget=TextWidget(50))
    city = ImportField(attribute="city", staged="city", headers=("城市", "city"), widget=TextWidget(50))
    industry = ImportField(attribute="industry", staged="industry", headers=("行业", "industry"), widget=TextWidget(100))
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
        attribute="credit_request__limit", staged="requested_limit",
        headers=("申请额度", "requested credit limit", "requested limit"), widget=AmountWidget(), hint=_("in yuan"),
    )
    requested_term_days = ImportField(
        attribute="credit_request__term_days", staged="requested_term_days",
        headers=("申请账期", "requested term days", "term days"), widget=WholeNumberWidget(), hint=_("in days"),
    )
    external_id = ImportField(
        attribute="external_id", staged="external_id", headers=("外部编号", "external id"), widget=CodeWidget(64)
    )
    remarks = ImportField(attribute="remarks", staged="remarks", headers=("备注", "remarks"), widget=TextWidget(10_000))

    class Meta:
        model = EnterpriseCustomer
        import_id_fields = ["credit_code"]
        fields = (
            "legal_name", "credit_code", "contact_name", "mobile", "email", "province", "city", "industry", "size",
            "flags", "plan", "requested_limit", "requested_term_days", "external_id", "remarks",
        )


def plans_on_sale(*, on: date) -> dict[str, Plan]:
    """The enterprise plans that can be bought on a day, by code."""
    plans = Plan.objects.on_sale(on=on).filter(programme__audience=Audience.ENTERPRISE).order_by("-price")
    return {plan.code: plan for plan in plans}


class EnterpriseCustomerImporter(Importer):
    """Lists of firms with their card and, kept as a request, the credit they ask for."""

    name = "enterprise-customers"
    label = _("enterprise customers")
    permission = "memberships.import_enterprisecustomer"
    resource = EnterpriseCustomerResource
    staged = StagedEnterpriseCustomer
    label_column = "legal_name"

    def fields(self, *, on: date) -> list[ImportField]:
        """The resource's columns; a plan's code or Chinese name stands for the version on sale that day."""
        fields = self.columns()
        plans = plans_on_sale(on=on)
        words = {word: str(plan.pk) for plan in plans.values() for word in (plan.code, plan.name, plan.name_en)}
        for field in fields:
            if field.staged == "plan_id":
                field.widget = ChoiceWidget(words, code="unknown_plan", expected=", ".join(plans))
        return fields

    def show(self, field: ImportField, value: object) -> str:
        """Codes are shown as the words people know."""
        if field.staged == "plan_id":
            return str(Plan.objects.get(pk=value))
        if field.staged == "size":
            return str(Size(value).label)
        if field.staged == "flags":
            return ", ".join(str(Flag(flag).label) for flag in value)  # type: ignore[attr-defined]
        return super().show(field, value)

    def cross_check(self, layout: Layout, *, on: date) -> CrossCheck:
        """A request above the caps of the row's plan is refused."""
        plans = plans_on_sale(on=on).values()
        present = layout.column_names()
        limits = {str(plan.pk): plan.credit_limit_cap for plan in plans}
        days = {str(plan.pk): Decimal(plan.credit_term_days_cap or 0) for plan in plans if plan.credit_term_days_cap}
        caps = {
            name: _by_plan({key: cap for key, cap in caps.items() if cap is not None})
            for name, caps in (("requested_limit", limits), ("requested_term_days", days))
            if name in present
        }
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

    def compare(self, batch: ImportBatch, *, is_preview: bool) -> None:
        customer_import.compare_with_customers(batch, is_preview=is_preview)

    def apply(self, batch: ImportBatch, first: int, last: int, *, on: date) -> tuple[int, int]:
        return customer_import.apply_rows(batch, first, last, on=on)

    def undo(self, batch: ImportBatch, first: int, last: int) -> tuple[int, int]:
        return customer_import_undo.undo_rows(batch, first, last)


def _by_plan(caps: dict[str, Decimal]) -> pl.Expr:
    """The cap of each row's plan as text, null where there is none."""
    texts = {plan: str(cap) for plan, cap in caps.items()}
    if not texts:
        return pl.lit(None, dtype=pl.String)
    return pl.col("plan_id").replace_strict(texts, default=None, return_dtype=pl.String)

"""The peer: django-import-export as it comes, writing the same five rows per firm, one firm after another.

Its resource is the default one over the model; the two hooks add the rows that the default leaves out.
"""

import time
from datetime import date
from typing import Any

from import_export.formats.base_formats import CSV
from import_export.resources import ModelResource

from benchmarks.figures import BenchmarkError
from benchmarks.firms import FLAGS, SIZES, Firm, make_firms
from memberships.models import CreditRequest, EnterpriseCustomer, Member, MemberContact, Plan, Subscription

#: Far from the numbers of any imported file.
FIRST_NUMBER = 2_000_000_001
TODAY = date(2027, 1, 15)
COLUMNS = [
    "legal_name", "credit_code", "external_id", "province", "city", "industry", "size", "flags", "remarks",
    "contact", "mobile", "email", "plan", "limit", "term_days",
]  # fmt: skip


class PlainResource(ModelResource):
    """The default resource: every option as the library sets it."""

    class Meta:
        model = EnterpriseCustomer
        import_id_fields = ["credit_code"]
        exclude = ["member"]

    def before_import(self, dataset: Any, **kwargs: Any) -> None:
        self.plans = {plan.code: plan for plan in Plan.objects.all()}

    def before_save_instance(self, instance: EnterpriseCustomer, row: dict[str, str], **kwargs: Any) -> None:
        instance.member = Member.objects.create(kind="enterprise", joined_on=TODAY)

    def after_save_instance(self, instance: EnterpriseCustomer, row: dict[str, str], **kwargs: Any) -> None:
        plan, member = self.plans[row["plan"]], instance.member
        MemberContact.objects.create(member=member, name=row["contact"], mobile=row["mobile"], email=row["email"])
        Subscription.objects.create(member=member, programme_id=plan.programme_id, plan=plan, requested_on=TODAY)
        CreditRequest.objects.create(
            member=member, limit=row["limit"], term_days=row["term_days"], requested_on=TODAY
        )


def seconds_per_row(rows: int) -> float:
    """Preview and apply, as its admin does it: parse, import on trial; parse again, import for good."""
    text = _csv_of(make_firms(FIRST_NUMBER, rows))
    began = time.perf_counter()
    for is_trial in (True, False):
        dataset = CSV().create_dataset(text)
        result = PlainResource().import_data(dataset, dry_run=is_trial, raise_errors=True)
        if result.totals["new"] != rows:
            raise BenchmarkError(f"The peer wrote {result.totals['new']} of {rows} rows.")
    return (time.perf_counter() - began) / rows


def _csv_of(firms: Any) -> str:
    """The file in the peer's words: a plain resource takes values as they are stored."""
    lines = [",".join(COLUMNS)]
    lines += [",".join(f'"{cell}"' for cell in _cells(firm)) for firm in firms]
    return "\n".join(lines) + "\n"


def _cells(firm: Firm) -> list[str]:
    values = firm._asdict() | {"size": SIZES[firm.size], "flags": FLAGS[firm.flags]}
    return [values[column] for column in COLUMNS]

"""Lists of decisions about credit: grants, and reviews of lines that there are; each approved as a whole."""

from datetime import date

from django.utils.translation import gettext_lazy as _
from import_export.resources import ModelResource

from credit.line_approvals import GRANT_CREDIT
from credit.models import CreditDecision, CreditLine, LineVersion, StagedLimit
from credit.services import limit_import
from memberships.importers.widgets import DateWidget, MemberNumberWidget, ProgrammeWidget
from memberships.models import CreditRequest, Programme
from operations.approvals import Measure
from operations.dates import business_date
from operations.imports.fields import ImportField
from operations.imports.importer import Importer
from operations.imports.widgets import AmountWidget, ProseWidget, RecordWidget, TextWidget, WholeNumberWidget
from operations.models import ImportBatch


class _LimitResource(ModelResource):
    """What both lists say of a firm."""

    member = ImportField(
        attribute="member", staged="member_number", headers=("会员号", "member number", "member"),
        widget=MemberNumberWidget(), is_required=True,
    )
    programme = ImportField(
        attribute="programme_id", staged="programme_id", headers=("计划", "programme", "program"),
        widget=TextWidget(), hint=_("code or name; only where the firm has several"),
    )
    reason = ImportField(
        attribute="reason", staged="reason", headers=("理由", "reason"), widget=ProseWidget(200), is_required=True,
    )


class GrantResource(_LimitResource):
    """The columns of a list of grants."""

    limit = ImportField(
        attribute="limit", staged="wanted_limit", headers=("授信额度", "limit", "credit limit"), widget=AmountWidget(),
        is_required=True, hint=_("in yuan"),
    )
    term_days = ImportField(
        attribute="term_days", staged="term_days", headers=("账期", "term days"), widget=WholeNumberWidget(),
        hint=_("net days; blank: the terms of the card"),
    )
    review_on = ImportField(
        attribute="review_on", staged="review_on", headers=("复审日", "next review"), widget=DateWidget(),
        hint=_("such as 2027-01-15"),
    )

    class Meta:
        model = CreditLine
        import_id_fields = ["member"]
        fields = ("member", "programme", "limit", "term_days", "review_on", "reason")


class ReviewResource(_LimitResource):
    """The columns of a list of reviews."""

    limit = ImportField(
        attribute="limit", staged="wanted_limit", headers=("授信额度", "limit", "credit limit"), widget=AmountWidget(),
        hint=_("in yuan; blank: it stays"),
    )
    term_days = ImportField(
        attribute="term_days", staged="term_days", headers=("账期", "term days"), widget=WholeNumberWidget(),
        hint=_("net days; blank: the terms stay"),
    )
    review_on = ImportField(
        attribute="review_on", staged="review_on", headers=("下次复审日", "next review"), widget=DateWidget(),
        hint=_("such as 2027-01-15; blank: it stays"),
    )

    class Meta:
        model = CreditLine
        import_id_fields = ["member"]
        fields = ("member", "programme", "limit", "term_days", "review_on", "reason")


class LimitImporter(Importer):
    """Decisions about many lines at once; a file grants no more than the desk does."""

    permission = "credit.decide_credit"
    staged = StagedLimit
    label_column = "member_number"
    why_no_undo = _(
        "Versions of credit lines only grow, and may have been drawn on by now: an import of them is not undone. "
        "Change the lines by another review."
    )
    #: Of services/limit_import.py.
    kind: str

    def records(self, *, on: date) -> dict[str, RecordWidget]:
        """The programmes there are."""
        return {"programme_id": ProgrammeWidget(Programme.objects.order_by("code"))}

    def approval_measures(self, batch: ImportBatch) -> list[Measure]:
        """What the lines may owe afterwards, together, and those that who uploaded it raised alone by files since.

        Many small files weigh as much as one.
        """
        amount = limit_import.weight(batch)
        if amount and batch.uploaded_by_id is not None:
            since = business_date(batch.uploaded_at)
            amount += limit_import.raised_alone(batch.uploaded_by_id, since=since, besides=batch)
        return [Measure(GRANT_CREDIT, amount, "CNY")] if amount else []

    def resolve_file(self, batch: ImportBatch) -> None:
        limit_import.resolve_repeats(batch)

    def compare(self, batch: ImportBatch, *, on: date, is_preview: bool) -> None:
        limit_import.compare(self.kind, batch, on=on, is_preview=is_preview)

    def apply(self, batch: ImportBatch, first: int, last: int, *, on: date) -> tuple[int, int]:
        return limit_import.apply_rows(self.kind, batch, first, last, on=on)


class GrantImporter(LimitImporter):
    """Requests that are granted as they are entered; the open request of a firm is the one that is granted."""

    name = limit_import.IMPORTERS[0]
    label = _("grants of credit")
    resource = GrantResource
    written = (CreditRequest, CreditLine, LineVersion, CreditDecision)
    kind = limit_import.GRANTS


class ReviewImporter(LimitImporter):
    """Reviews: another limit, other terms, the day of the next review; what is blank stays."""

    name = limit_import.IMPORTERS[1]
    label = _("reviews of credit lines")
    resource = ReviewResource
    written = (CreditLine, LineVersion)
    kind = limit_import.REVIEWS


LIMIT_IMPORTERS = (GrantImporter, ReviewImporter)

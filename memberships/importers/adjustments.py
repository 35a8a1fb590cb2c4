"""Lists of adjustments: points given or taken by hand, for a reason, approved as a whole."""

from datetime import date

from django.utils.translation import gettext_lazy as _
from import_export.resources import ModelResource

from memberships.importers.widgets import MemberNumberWidget, PointsWidget, ProgrammeWidget, ReasonWidget
from memberships.models import AdjustmentReason, Enrolment, PointsEntry, PointsLot, Programme, StagedAdjustment
from memberships.services import adjustment_import
from memberships.services.points_adjustments import ADJUST_POINTS
from operations.approvals import Measure
from operations.imports.fields import ImportField
from operations.imports.importer import Importer
from operations.imports.widgets import CodeWidget, ProseWidget, RecordWidget, TextWidget
from operations.models import ImportBatch


class AdjustmentResource(ModelResource):
    """The columns of a list of adjustments."""

    member = ImportField(
        attribute="member", staged="member_number", headers=("会员号", "member number", "member"),
        widget=MemberNumberWidget(), is_required=True,
    )
    programme = ImportField(
        attribute="programme_id", staged="programme_id", headers=("计划", "programme", "program"),
        widget=TextWidget(), is_required=True, hint=_("code or name of a programme"),
    )
    scope = ImportField(
        attribute="scope", staged="scope", headers=("店铺", "store"), widget=CodeWidget(64),
        hint=_("where the programme has a wallet for each store"),
    )
    points = ImportField(
        attribute="points", staged="points", headers=("积分", "points"), widget=PointsWidget(is_signed=True),
        is_required=True, hint=_("with a minus where they are taken"),
    )
    code = ImportField(
        attribute="code", staged="code", headers=("原因代码", "reason code"), widget=TextWidget(), is_required=True,
        hint=_("code or name of a reason of adjustments"),
    )
    reason = ImportField(
        attribute="reason", staged="reason", headers=("说明", "explanation", "note"), widget=ProseWidget(200),
        is_required=True,
    )

    class Meta:
        model = Enrolment
        import_id_fields = ["member"]
        fields = ("member", "programme", "scope", "points", "code", "reason")


class AdjustmentImporter(Importer):
    """Points given and taken by hand, many at once."""

    name = "points-adjustments"
    label = _("adjustments of points")
    permission = "memberships.adjust_points"
    resource = AdjustmentResource
    staged = StagedAdjustment
    written = (PointsLot, PointsEntry)
    label_column = "member_number"
    why_no_undo = _(
        "The points ledger only grows: an import of adjustments is not undone. Put it right by another adjustment."
    )

    def records(self, *, on: date) -> dict[str, RecordWidget]:
        """The programmes and the reasons there are."""
        return {
            "programme_id": ProgrammeWidget(Programme.objects.order_by("code")),
            "code": ReasonWidget(AdjustmentReason.objects.filter(is_active=True).order_by("code")),
        }

    def approval_measures(self, batch: ImportBatch) -> list[Measure]:
        """The points that would be given and taken: a file gives nobody more than the desk does.

        With them those of other files that who uploaded it applied alone since: many small files weigh as much as one.
        """
        points = adjustment_import.total_points(batch)
        if points and batch.uploaded_by_id is not None:
            points += adjustment_import.given_alone(batch)
        return [Measure(ADJUST_POINTS, points, _("points"))] if points else []

    def resolve_file(self, batch: ImportBatch) -> None:
        adjustment_import.resolve_repeats(batch)

    def compare(self, batch: ImportBatch, *, on: date, is_preview: bool) -> None:
        adjustment_import.compare_with_wallets(batch, on=on)

    def apply(self, batch: ImportBatch, first: int, last: int, *, on: date) -> tuple[int, int]:
        return adjustment_import.apply_rows(batch, first, last, on=on)

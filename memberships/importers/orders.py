"""Lists of orders and returns of other systems."""

from datetime import date

from django.utils.translation import gettext_lazy as _
from import_export.resources import ModelResource

from memberships.importers.widgets import DateWidget, MemberNumberWidget, ProgrammeWidget
from memberships.models import Enrolment, Order, PointsEntry, PointsLot, Programme, StagedOrder
from memberships.services import order_import
from memberships.services.orders import NUMBER_LENGTH
from operations.imports.fields import ImportField
from operations.imports.importer import Importer
from operations.imports.widgets import AmountWidget, CodeWidget, RecordWidget, TextWidget
from operations.models import ImportBatch


class OrderResource(ModelResource):
    """The columns of a list of orders."""

    number = ImportField(
        attribute="number", staged="number", headers=("订单号", "order number", "order"),
        widget=CodeWidget(NUMBER_LENGTH), is_required=True,
    )
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
        hint=_("where the programme has a wallet for each store; one that is new is opened"),
    )
    category = ImportField(
        attribute="category", staged="category", headers=("品类", "category"), widget=TextWidget(64),
        hint=_("as the earn rules call it; of a return it is the order's"),
    )
    amount = ImportField(
        attribute="amount", staged="amount", headers=("金额", "amount"), widget=AmountWidget(), is_required=True,
        hint=_("in yuan; of a return, what came back"),
    )
    ordered_on = ImportField(
        attribute="ordered_on", staged="ordered_on", headers=("下单日期", "ordered on", "order date"),
        widget=DateWidget(), is_required=True, hint=_("such as 2027-01-15; of a return, its own day"),
    )
    returns = ImportField(
        attribute="returns", staged="returns", headers=("退货原订单号", "return of", "returned order"),
        widget=CodeWidget(NUMBER_LENGTH), hint=_("the row is the return of that order, which may stand anywhere"),
    )

    class Meta:
        model = Order
        import_id_fields = ["number"]
        fields = ("number", "member", "programme", "scope", "category", "amount", "ordered_on", "returns")


class OrderImporter(Importer):
    """Orders are facts of another system: new ones are recorded and earn, others are never changed nor undone.

    They are weighed by their rows alone: what an order earns follows from the programme's rules, which two people made.
    """

    name = "orders"
    label = _("orders and returns")
    permission = "memberships.import_order"
    resource = OrderResource
    staged = StagedOrder
    written = (Order, Enrolment, PointsLot, PointsEntry)
    label_column = "number"
    why_no_undo = _(
        "Orders are facts, and their points may be spent by now: an import of them is not undone. "
        "What is wrong is put right by a return of the order."
    )

    def records(self, *, on: date) -> dict[str, RecordWidget]:
        """The programmes there are."""
        return {"programme_id": ProgrammeWidget(Programme.objects.order_by("code"))}

    def notes(self, batch: ImportBatch) -> list[str]:
        return order_import.notes(batch)

    def resolve_file(self, batch: ImportBatch) -> None:
        order_import.resolve_repeats(batch)

    def compare(self, batch: ImportBatch, *, on: date, is_preview: bool) -> None:
        order_import.compare_with_orders(batch, on=on)

    def apply(self, batch: ImportBatch, first: int, last: int, *, on: date) -> tuple[int, int]:
        return order_import.apply_rows(batch, first, last, on=on)

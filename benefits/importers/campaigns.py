"""What buyers spent with a campaign's brand, day by day, members and ordinary users apart, as the shop reports it."""

from collections.abc import Iterable
from datetime import date

from django.utils.translation import gettext_lazy as _
from import_export.resources import ModelResource

from benefits.models import Campaign, CampaignFigure, StagedCampaignFigure
from benefits.services import figure_import
from memberships.importers.widgets import DateWidget
from operations.imports.fields import ImportField
from operations.imports.importer import Importer
from operations.imports.widgets import (
    AmountWidget,
    ChoiceWidget,
    RecordWidget,
    TextWidget,
    WholeNumberWidget,
    unambiguous,
)
from operations.models import ImportBatch

#: What the shop calls the groups.
GROUPS = {"会员": "members", "普通用户": "others", "members": "members", "ordinary users": "others", "others": "others"}


class CountWidget(WholeNumberWidget):
    """A whole number, of buyers or orders: of nine digits, as its column takes them."""

    PATTERN = r"[0-9]{1,9}"


class CampaignWidget(RecordWidget):
    """A campaign by its code or name."""

    code = "bad_choice"

    def __init__(self, campaigns: Iterable[Campaign]) -> None:
        self.campaigns = {campaign.pk: campaign for campaign in campaigns}
        super().__init__(unambiguous(
            (word, str(each.pk)) for each in self.campaigns.values() for word in {each.code, each.name, each.name_en}
        ))

    @property
    def expected(self) -> str:
        return ", ".join(campaign.code for campaign in self.campaigns.values())

    def name(self, key: int) -> str:
        return str(self.campaigns.get(key) or Campaign.objects.get(pk=key))


class CampaignFigureResource(ModelResource):
    """The columns of a report."""

    campaign = ImportField(
        attribute="campaign_id", staged="campaign_id", headers=("活动", "campaign"), widget=TextWidget(),
        is_required=True, hint=_("code or name of a campaign"),
    )
    on = ImportField(
        attribute="on", staged="reported_on", headers=("日期", "day", "date"), widget=DateWidget(), is_required=True,
        hint=_("such as 2027-01-15"),
    )
    group = ImportField(
        attribute="group", staged="buyer_group", headers=("客群", "customers"), widget=ChoiceWidget(GROUPS),
        is_required=True, hint=_("members or ordinary users"),
    )
    buyers = ImportField(
        attribute="buyers", staged="buyers", headers=("购买人数", "buyers"), widget=CountWidget(), is_required=True,
    )
    orders = ImportField(
        attribute="orders", staged="orders", headers=("订单数", "orders"), widget=CountWidget(), is_required=True,
    )
    amount = ImportField(
        attribute="amount", staged="amount", headers=("消费金额", "amount"), widget=AmountWidget(), is_required=True,
        hint=_("in yuan"),
    )

    class Meta:
        model = CampaignFigure
        import_id_fields = ["campaign", "on", "group"]
        fields = ("campaign", "on", "group", "buyers", "orders", "amount")


class CampaignFigureImporter(Importer):
    """A later report of a day replaces the one before."""

    name = "campaign-figures"
    label = _("daily figures of campaigns")
    permission = "benefits.import_campaignfigure"
    resource = CampaignFigureResource
    staged = StagedCampaignFigure
    written = (CampaignFigure,)
    label_column = "reported_on"
    why_no_undo = _("A report replaces the one before: it is not undone. Import the right one.")

    def records(self, *, on: date) -> dict[str, RecordWidget]:
        """The campaigns there are."""
        return {"campaign_id": CampaignWidget(Campaign.objects.order_by("pk"))}

    def resolve_file(self, batch: ImportBatch) -> None:
        figure_import.resolve_repeats(batch)

    def compare(self, batch: ImportBatch, *, on: date, is_preview: bool) -> None:
        figure_import.compare_with_figures(batch, on=on)

    def apply(self, batch: ImportBatch, first: int, last: int, *, on: date) -> tuple[int, int]:
        return figure_import.apply_rows(batch, first, last)

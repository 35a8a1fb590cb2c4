"""Lists of persons that another system had as members."""

from datetime import date

from django.utils.translation import gettext_lazy as _
from import_export.resources import ModelResource

from memberships.importers.widgets import DateWidget, PointsWidget, ProgrammeWidget, SlugWidget
from memberships.models import (
    Enrolment,
    Member,
    MemberContact,
    MemberReference,
    PointsEntry,
    PointsLot,
    Programme,
    StagedPerson,
)
from memberships.models.contacts import Language
from memberships.services import member_import
from memberships.services.points_adjustments import ADJUST_POINTS
from operations.approvals import Measure
from operations.imports.fields import ImportField
from operations.imports.importer import Importer
from operations.imports.widgets import ChoiceWidget, CodeWidget, EmailWidget, MobileWidget, RecordWidget, TextWidget
from operations.models import ImportBatch


class PersonResource(ModelResource):
    """The columns of a list of persons."""

    external_id = ImportField(
        attribute="external_id", staged="external_id", headers=("外部编号", "external id"), widget=CodeWidget(64),
        is_required=True, hint=_("the number that the other system knows the person by"),
    )
    source = ImportField(
        attribute="source", staged="source", headers=("来源", "source"), widget=SlugWidget(32),
        hint=_("which system that is, where there are several: small letters, digits and hyphens"),
    )
    name = ImportField(
        attribute="name", staged="name", headers=("姓名", "name"), widget=TextWidget(100), is_personal="name"
    )
    mobile = ImportField(
        attribute="mobile", staged="mobile", headers=("手机号", "mobile"), widget=MobileWidget(), is_personal="mobile"
    )
    email = ImportField(
        attribute="email", staged="email", headers=("邮箱", "email"), widget=EmailWidget(), is_personal="email"
    )
    joined_on = ImportField(
        attribute="joined_on", staged="joined_on", headers=("入会日期", "joined on"), widget=DateWidget(),
        hint=_("blank: the day of the import"),
    )
    programme = ImportField(
        attribute="programme_id", staged="programme_id", headers=("计划", "programme", "program"), widget=TextWidget(),
        hint=_("code or name of a programme in which a points wallet is opened"),
    )
    scope = ImportField(
        attribute="scope", staged="scope", headers=("店铺", "store"), widget=CodeWidget(64),
        hint=_("where the programme has a wallet for each store"),
    )
    opening_points = ImportField(
        attribute="opening_points", staged="opening_points", headers=("期初积分", "opening balance", "opening points"),
        widget=PointsWidget(), hint=_("what was in the wallet in the other system"),
    )
    expires_on = ImportField(
        attribute="expires_on", staged="expires_on", headers=("积分到期日", "points expire on"), widget=DateWidget(),
        hint=_("the first day without these points; blank: as the programme says"),
    )

    language = ImportField(
        attribute="language", staged="language", headers=("语言", "language"),
        widget=ChoiceWidget({"中文": Language.CHINESE, "Chinese": Language.CHINESE, "zh": Language.CHINESE,
                             "zh-hans": Language.CHINESE, "英文": Language.ENGLISH, "English": Language.ENGLISH,
                             "en": Language.ENGLISH}),
        hint=_("in which the person is told; blank: not known"),
    )  # fmt: skip

    class Meta:
        model = Member
        import_id_fields = ["external_id"]
        fields = (
            "external_id", "source", "name", "mobile", "email", "joined_on", "programme", "scope", "opening_points",
            "expires_on", "language",
        )


class PersonImporter(Importer):
    """Persons with a wallet and an opening balance; tiers are set at the desk."""

    name = "members"
    label = _("members (persons)")
    permission = "memberships.import_person"
    resource = PersonResource
    staged = StagedPerson
    written = (Member, MemberReference, MemberContact, Enrolment, PointsLot, PointsEntry)
    label_column = "external_id"
    why_no_undo = _(
        "Wallets and their entries stay for ever: an import of members is not undone. "
        "Who should be no member is closed at the desk, and points are put right by an adjustment."
    )

    def records(self, *, on: date) -> dict[str, RecordWidget]:
        """The programmes there are."""
        return {"programme_id": ProgrammeWidget(Programme.objects.order_by("code"))}

    def approval_measures(self, batch: ImportBatch) -> list[Measure]:
        """The opening points: they are adjustments, and a file gives nobody more than the desk does."""
        points = member_import.total_points(batch)
        return [Measure(ADJUST_POINTS, points, _("points"))] if points else []

    def resolve_file(self, batch: ImportBatch) -> None:
        member_import.resolve_repeats(batch)

    def compare(self, batch: ImportBatch, *, on: date, is_preview: bool) -> None:
        member_import.compare_with_members(batch, on=on)

    def apply(self, batch: ImportBatch, first: int, last: int, *, on: date) -> tuple[int, int]:
        return member_import.apply_rows(batch, first, last, on=on)

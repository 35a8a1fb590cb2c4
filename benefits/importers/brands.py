"""Lists of brands: codes with names in both languages; a brand that is known gets the names of the list."""

from datetime import date

from django.utils.translation import gettext_lazy as _
from import_export.resources import ModelResource

from benefits.models import Brand, StagedBrand
from benefits.services import brand_import
from operations.imports.fields import ImportField
from operations.imports.importer import Importer
from operations.imports.widgets import CodeWidget, TextWidget
from operations.models import ImportBatch


class BrandResource(ModelResource):
    """The columns of a list of brands."""

    code = ImportField(
        attribute="code", staged="code", headers=("品牌代码", "brand code", "code"), widget=CodeWidget(48),
        is_required=True, hint=_("letters, digits, - and _"),
    )
    name = ImportField(
        attribute="name", staged="name", headers=("品牌名称", "brand name", "name"), widget=TextWidget(100),
        is_required=True,
    )
    name_en = ImportField(
        attribute="name_en", staged="name_en", headers=("英文名称", "english name"), widget=TextWidget(100),
        is_required=True,
    )
    category = ImportField(
        attribute="category", staged="category", headers=("品类", "category"), widget=TextWidget(64),
        hint=_("blank: it stays"),
    )

    class Meta:
        model = Brand
        import_id_fields = ["code"]
        fields = ("code", "name", "name_en", "category")


class BrandImporter(Importer):
    """Brands are added, or get other names. What they commit is said by programme files, which two people approve."""

    name = "brands"
    label = _("brands")
    permission = "benefits.import_brand"
    resource = BrandResource
    staged = StagedBrand
    written = (Brand,)
    label_column = "code"
    why_no_undo = _("Brands may have committed money by now: an import of them is not undone. Import other names.")

    def resolve_file(self, batch: ImportBatch) -> None:
        brand_import.resolve_repeats(batch)

    def compare(self, batch: ImportBatch, *, on: date, is_preview: bool) -> None:
        brand_import.compare_with_brands(batch)

    def apply(self, batch: ImportBatch, first: int, last: int, *, on: date) -> tuple[int, int]:
        return brand_import.apply_rows(batch, first, last)

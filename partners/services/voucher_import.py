"""Voucher codes out of a checked file: set-based statements over the staging rows of one batch."""

from datetime import date, datetime, timedelta

from django.db.models import Count, Q

from operations.models import ImportBatch, ImportRow
from operations.services.uploads import erase_file
from partners.models import Offer
from partners.services import statements

Outcome = ImportRow.Outcome
State = ImportBatch.State
IMPORTER = "voucher-codes"
#: Files whose invalid rows may yet be handed back, or that may be taken up again, are kept so long.
KEPT = timedelta(days=7)
#: Nothing more is done with the file in these states.
OVER = (State.APPLIED, State.DISCARDED, State.REFUSED)


def open_offers(*, on: date) -> list[Offer]:
    """Offers of codes that are in force on a day or will be; of a benefit the first."""
    offers = Offer.objects.filter(Q(ends_on=None) | Q(ends_on__gte=on), mode=Offer.Mode.VOUCHERS)
    first: dict[int, Offer] = {}
    for offer in offers.select_related("benefit").order_by("starts_on", "pk"):
        first.setdefault(offer.benefit_id, offer)
    return sorted(first.values(), key=lambda offer: offer.pk)


def resolve_repeats(batch: ImportBatch) -> None:
    """A code that stands in the file again: identical rows are duplicates of the first, others are all invalid."""
    statements.run("import_vouchers/resolve_repeats", batch=batch.pk, column=_headers(batch)["ending"])


def compare_with_codes(batch: ImportBatch) -> None:
    """What is in the offer's pool already stays as it is; what is in another pool of the partner is invalid."""
    statements.run("import_vouchers/judge", batch=batch.pk, column=_headers(batch)["ending"])


def apply_rows(batch: ImportBatch, first: int, last: int) -> tuple[int, int]:
    """Add the new codes of a range of lines; (added, left out since somebody added them meanwhile)."""
    statements.run("import_vouchers/apply", batch=batch.pk, first=first, last=last, at=batch.confirmed_at)
    outcomes = ImportRow.objects.filter(batch=batch, line__range=(first, last)).aggregate(
        applied=Count("pk", filter=Q(outcome=Outcome.APPLIED)), left_out=Count("pk", filter=Q(outcome=Outcome.LEFT_OUT))
    )
    return outcomes["applied"], outcomes["left_out"]


def erase_files(*, at: datetime) -> int:
    """Erase the stored files of imports that are over: the codes in them are sealed elsewhere by now. How many.

    With invalid rows, or applied in part, they stay for KEPT. May run at any time, also twice.
    """
    stored = ImportBatch.objects.filter(importer=IMPORTER).exclude(file="")
    is_over = Q(state__in=OVER, invalid=0) | Q(state__in=[*OVER, State.PARTLY_APPLIED], uploaded_at__lt=at - KEPT)
    erased = 0
    for batch in stored.filter(is_over).order_by("pk"):
        erase_file(batch, at=at)
        erased += 1
    return erased


def _headers(batch: ImportBatch) -> dict[str, str]:
    """The file's header of each staged column."""
    return {staged: header for staged, header in zip(batch.columns, batch.headers, strict=True) if staged}

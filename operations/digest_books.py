"""Checks of the audit trail against its digests: no row of a closed day was changed, taken away or put in."""

from collections.abc import Iterable, Iterator
from datetime import date

from django.db import DatabaseError
from django.db.models import Count, F, Max, Min, QuerySet, Sum
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from operations.models import AuditDigest, AuditDigestPart, JobRun
from operations.services.books import BookCheck, Difference, KeyRange, Period
from operations.services.digests import DAY, chained, found_now

#: Parts that are looked at in one go.
PARTS = 10


class _DigestCheck(BookCheck):
    """Of the days of the audit, or of all there are."""

    @staticmethod
    def days(period: Period) -> dict[str, date]:
        return {} if period.is_whole else {"on__gte": period.since, "on__lte": period.on}

    def page_of(self, fault: str, key: str, owner: int | None) -> str:
        digest = AuditDigest.objects.filter(on=key.partition(" ")[0]).values_list("pk", flat=True).first()
        return reverse("admin:operations_auditdigest_change", args=[digest]) if digest else ""


class TrailRows(_DigestCheck):
    """The rows that a part covers are those that it covered when its day was closed."""

    name = "audit_digest_parts"
    label = _("rows of the audit trail")
    faults = {
        "row_changed": _("a row of a closed day was changed"),
        "row_missing": _("a row of a closed day is missing"),
        "row_added": _("a row was put into a closed day"),
        "unreadable": _("a table or column of a closed day is gone"),
    }

    def ranges(self, period: Period) -> Iterable[KeyRange]:
        parts: QuerySet[AuditDigestPart] = AuditDigestPart.objects.filter(**self.days(period))
        blocks = parts.values(block=F("pk") / PARTS).annotate(first=Min("pk"), last=Max("pk"), size=Sum("rows"))
        return [KeyRange(found["first"], found["last"], int(found["size"])) for found in blocks.order_by("block")]

    def differences(self, keys: KeyRange, period: Period) -> Iterator[Difference]:
        parts = AuditDigestPart.objects.filter(pk__range=(keys.first, keys.last), **self.days(period))
        for part in parts.order_by("pk"):
            try:
                found = found_now(part)
            except DatabaseError as error:
                yield self._difference(part, "unreadable", str(error).partition("\n")[0])
                continue
            if (found.rows, found.sha256) != (part.rows, part.sha256):
                fault = "row_changed"
                if found.rows != part.rows:
                    fault = "row_missing" if found.rows < part.rows else "row_added"
                yield self._difference(part, fault, str(found))

    def _difference(self, part: AuditDigestPart, fault: str, found: str) -> Difference:
        return Difference(self.name, fault, str(part), None, f"{part.rows} {part.sha256[:16]}", found[:100])


class DigestChain(_DigestCheck):
    """Each digest follows from the parts of its day and from the digest before; no part waits for its digest."""

    name = "audit_digests"
    label = _("digests of the audit trail")
    faults = {
        "broken": _("the digest does not follow from its parts"),
        "not_chained": _("the digest does not follow from the one before"),
        "not_closed": _("the day was summed up and not closed"),
    }

    def ranges(self, period: Period) -> Iterable[KeyRange]:
        found = AuditDigest.objects.filter(**self.days(period)).aggregate(
            first=Min("pk"), last=Max("pk"), size=Count("pk")
        )
        # Parts may stand there without any digest.
        return [KeyRange(found["first"] or 0, found["last"] or 0, found["size"])]

    def differences(self, keys: KeyRange, period: Period) -> Iterator[Difference]:
        digests = list(AuditDigest.objects.filter(**self.days(period)).order_by("on"))
        before = AuditDigest.objects.filter(on__lt=digests[0].on).order_by("-on").first() if digests else None
        for digest in digests:
            expected = before.sha256 if before else ""
            if digest.previous_sha256 != expected:
                yield self._difference(digest.on, "not_chained", expected, digest.previous_sha256)
            rows, sha256 = chained(digest.on, digest.previous_sha256)
            if (rows, sha256) != (digest.rows, digest.sha256):
                yield self._difference(digest.on, "broken", sha256, digest.sha256)
            before = digest
        days = AuditDigestPart.objects.filter(**self.days(period)).order_by("on").values_list("on", flat=True)
        for day in days.exclude(on__in=AuditDigest.objects.values("on")).distinct():
            # While the night's run is at it, the digest is still to come.
            is_coming = JobRun.objects.unfinished().filter(job="digest_audit_trail", business_date=day + DAY).exists()
            yield self._difference(day, "not_closed", "", "", is_pending=is_coming)

    def _difference(
        self, on: date, fault: str, expected: str, found: str, *, is_pending: bool = False
    ) -> Difference:
        return Difference(self.name, fault, on.isoformat(), None, expected, found, is_pending)

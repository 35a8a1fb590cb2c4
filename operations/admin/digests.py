"""The digests of the audit trail, day by day, and what each of them sums up."""

from itertools import groupby
from typing import Any

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from operations import registry
from operations.admin.base import ReadOnlyAdmin
from operations.digest_jobs import label_of
from operations.models import AuditDigest, AuditDigestPart, BookDifference, JobRun

#: Ranges of keys that a page shows.
MOST_PARTS = 500


@admin.register(AuditDigest)
class AuditDigestAdmin(ReadOnlyAdmin):
    """A line for each closed day, newest first."""

    list_display = ("on", "rows", "sha256", "made_at")
    ordering = ("-on",)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """A day: its digest, the tables that something came to, and what the last audit found there."""
        digest = self.get_object(request, object_id) if self.has_view_permission(request) else None
        if digest is None:
            raise Http404
        parts = list(
            AuditDigestPart.objects.filter(on=digest.on).order_by("table_name", "first_key")[: MOST_PARTS + 1]
        )
        tables = [
            (label_of(name), list(group)) for name, group in groupby(parts[:MOST_PARTS], lambda part: part.table_name)
        ]
        request.current_app = self.admin_site.name
        context = {
            **self.admin_site.each_context(request), "opts": self.opts, "original": digest, "title": str(digest),
            "digest": digest, "has_more": len(parts) > MOST_PARTS, "differences": _found_in(digest),
            "tables": [(label, sum(part.rows for part in of_table), of_table) for label, of_table in tables],
        }
        return TemplateResponse(request, "operations/digest.html", context)


def _found_in(digest: AuditDigest) -> list[BookDifference]:
    """What the last audit found wrong with the day."""
    audit = JobRun.objects.filter(job="audit_books", is_dry_run=False).order_by("-pk").first()
    checks = [check.name for check in registry.book_checks if check.name.startswith("audit_digest")]
    found = BookDifference.objects.filter(run=audit, check_name__in=checks, key__startswith=digest.on.isoformat())
    return list(found.order_by("pk")[:MOST_PARTS])

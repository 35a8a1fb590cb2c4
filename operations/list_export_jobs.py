"""The job that makes the files of long lists, and erases them when their days are over."""

import tempfile
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import IO

from django.contrib import admin
from django.contrib.messages.storage.cookie import CookieStorage
from django.core.files import File
from django.http import HttpRequest, QueryDict
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from operations.models import JobChunk, JobRun, ListExport
from operations.services.job_kinds import ChunkPlan, ChunkResult, Job
from operations.services.list_exports import JOB, KEPT, KEPT_WHOLE, erase_old_files


class ExportList(Job):
    """One chunk: the file is whole, or it is not there."""

    name = JOB
    label = _("export a list")
    every = timedelta(minutes=30)

    def plan(self, run: JobRun) -> Iterable[ChunkPlan]:
        key = int(run.scope.partition("@")[0])
        return [ChunkPlan(key, key, 1)]

    def work(self, run: JobRun, chunk: JobChunk, *, at: datetime) -> ChunkResult:
        export = ListExport.objects.select_related("actor").get(pk=chunk.first_key)
        with tempfile.TemporaryFile() as made:
            export.rows = _write(export, made)
            made.seek(0)
            export.file.save("", File(made), save=False)
        export.made_at = at
        export.erase_at = at + (KEPT if export.is_masked else KEPT_WHOLE)
        export.save(update_fields=["file", "rows", "made_at", "erase_at"])
        return ChunkResult(done=1)

    def tick(self, *, at: datetime) -> None:
        erase_old_files(at=at)


def _write(export: ListExport, file: IO[bytes]) -> int:
    """The file as the page would have made it; how many rows."""
    # Not on top: the list's own module registers this job's floor first.
    from operations.admin.exporting import ListRows

    model_admin = next(each for model, each in admin.site._registry.items() if model._meta.label_lower == export.model)
    with override(export.language):
        listed = ListRows(model_admin, _request(export), is_masked=export.is_masked)  # type: ignore[arg-type]
    if export.kind == ListExport.Kind.XLSX:
        return listed.save_workbook(file)
    written = -1
    for line in listed.lines():
        file.write(line)
        written += 1
    return written


def _request(export: ListExport) -> HttpRequest:
    """What the operator's browser sent, as far as a list asks for it."""
    request = HttpRequest()
    request.method, request.path, request.user = "GET", "/", export.actor
    request.GET = QueryDict(export.asked)
    # A search may say that it found too many; nobody reads it here.
    request._messages = CookieStorage(request)  # type: ignore[attr-defined]
    return request

"""What an operator can do to an import: each a POST, each one call of a service."""

import tempfile
from collections.abc import Callable
from datetime import datetime
from typing import Any, cast

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from operations.admin.approval_pages import waits_in_words
from operations.admin.import_pages import may_import, page_url
from operations.approval_actions import ConfirmImport, UndoImport
from operations.dates import business_date
from operations.errors import ImportStateError, PlusdeskError, PreviewChangedError
from operations.forms import ConfirmForm
from operations.imports.importer import Importer
from operations.models import Approval, ImportBatch, JobRun, User
from operations.services import imports, jobs
from operations.services.approvals import ask

#: Takes the batch, what was posted, who and when; returns what to tell the operator.
Action = Callable[[ImportBatch, Any, User, datetime], str]


def _confirm(batch: ImportBatch, posted: Any, actor: User, at: datetime) -> str:
    form = ConfirmForm(posted)
    if not form.is_valid():
        raise PreviewChangedError
    reason = form.cleaned_data.pop("reason") or _("import confirmed")
    payload = ConfirmImport.payload_of(batch, **form.cleaned_data)
    result = ask(ConfirmImport.name, payload, actor=actor, reason=reason, on=business_date(at), at=at)
    return waits_in_words(result) if isinstance(result, Approval) else result.words


def _discard(batch: ImportBatch, _posted: Any, actor: User, at: datetime) -> str:
    imports.discard_import(batch, actor=actor, at=at)
    return _("The preview is discarded; nothing was changed.")


def _recheck(batch: ImportBatch, _posted: Any, actor: User, at: datetime) -> str:
    imports.recheck_import(batch, actor=actor, at=at)
    return _("The file is being checked again.")


def _choose(batch: ImportBatch, posted: Any, actor: User, at: datetime) -> str:
    imports.choose_sheet(batch, posted.get("sheet", ""), actor=actor, at=at)
    return _("The sheet is being checked.")


def _undo(batch: ImportBatch, posted: Any, actor: User, at: datetime) -> str:
    reason = posted.get("reason", "").strip()[:200] or _("import undone")
    result = ask(UndoImport.name, {"batch": batch.pk}, actor=actor, reason=reason, on=business_date(at), at=at)
    return waits_in_words(result) if isinstance(result, Approval) else result.words


def _cancel(batch: ImportBatch, _posted: Any, actor: User, at: datetime) -> str:
    jobs.cancel_run(_run(batch), actor=actor, at=at)
    return _("The import is stopped; what was done stays done.")


def _resume(batch: ImportBatch, _posted: Any, actor: User, at: datetime) -> str:
    jobs.resume_run(_run(batch), actor=actor, at=at)
    return _("The import goes on where it stopped.")


def _run(batch: ImportBatch) -> JobRun:
    """The run that is to be stopped or taken up again."""
    run = imports.run_of(batch)
    if run is None:
        raise ImportStateError(_("Nothing is being done with this import."))
    return run


ACTIONS: dict[str, Action] = {
    "confirm": _confirm,
    "discard": _discard,
    "recheck": _recheck,
    "choose": _choose,
    "undo": _undo,
    "cancel": _cancel,
    "resume": _resume,
}


def act(request: HttpRequest, batch: ImportBatch, action: str) -> HttpResponse:
    """Do one of ACTIONS and go back to the batch's page, which says how it went."""
    if not may_import(request.user, batch):
        raise PermissionDenied
    try:
        message = ACTIONS[action](batch, request.POST, cast(User, request.user), timezone.now())
    except PlusdeskError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, message)
    return HttpResponseRedirect(page_url(batch))


def error_file(request: HttpRequest, batch: ImportBatch) -> HttpResponseBase:
    """The invalid rows as they stood in the file, with a column of reasons.

    It holds what the operator uploaded, unmasked, so nobody else gets it.
    """
    if not may_import(request.user, batch) or batch.uploaded_by_id != request.user.pk:
        raise PermissionDenied
    # Closed by the response.
    file = tempfile.TemporaryFile()  # noqa: SIM115
    try:
        imports.write_error_file(batch, file, language=get_language() or "")
    except PlusdeskError as error:
        messages.error(request, str(error))
        return HttpResponseRedirect(page_url(batch))
    file.seek(0)
    name = _("errors-%(name)s") % {"name": batch.file_name}
    return FileResponse(file, as_attachment=True, filename=name)


def template_file(importer: Importer) -> HttpResponseBase:
    """An empty file with the importer's columns, for an operator to fill in."""
    file = tempfile.TemporaryFile()  # noqa: SIM115
    importer.write_template(file, get_language() or "")
    file.seek(0)
    return FileResponse(file, as_attachment=True, filename=f"{importer.name}.csv", content_type="text/csv")

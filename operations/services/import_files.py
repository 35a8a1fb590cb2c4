"""An uploaded file on its way into the storage: what it is, whether it is read at all, which sheet of it."""

from collections.abc import Sequence
from datetime import datetime
from typing import IO, Any, BinaryIO, cast

from django.conf import settings
from django.core.files import File
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from operations import registry
from operations.audit import because
from operations.errors import FileRefusedError, ImportStateError
from operations.imports.files import inspect_file, refusal
from operations.imports.kinds import is_plain_name, kind_of_file, shown_name
from operations.imports.sources import refuse_altered
from operations.imports.workbooks import XLSX, Sheet, look_at, only_sheet, sha256_of
from operations.models import ImportBatch, User

State = ImportBatch.State


def store_file(
    importer_name: str, file: "File[Any]", *, file_name: str, skips_invalid: bool, actor: User | None, at: datetime,
    sheet: str = "",
) -> ImportBatch:
    """Keep an uploaded file as it is and make its batch; what cannot be read at all is refused at once, in `faults`."""
    importer = registry.importers.get(importer_name)
    batch = ImportBatch(
        importer=importer.name, file_name=shown_name(file_name), file_size=file.size, skips_invalid=skips_invalid,
        uploaded_by=actor, uploaded_at=at, language=translation.get_language() or "zh-hans",
    )
    try:
        _refuse_name(file_name)
        _inspect(batch, cast(BinaryIO, file.file), file_name, sheet)
    except FileRefusedError as refused:
        batch.state, batch.faults = State.REFUSED, [fault.as_json() for fault in refused.faults]
    else:
        file.seek(0)
        batch.file.save("upload", file, save=False)
    with because(actor=actor):
        batch.save()
    return batch


def _refuse_name(name: str) -> None:
    if not is_plain_name(name):
        raise refusal("bad_file_name", value=shown_name(name))


def _inspect(batch: ImportBatch, stream: BinaryIO, name: str, sheet: str) -> None:
    """Note what the file is, without reading more of a workbook than its beginning. FileRefusedError."""
    if batch.file_size > settings.IMPORT_FILE_MAX_BYTES:
        raise refusal("too_large", value=str(batch.file_size), expected=str(settings.IMPORT_FILE_MAX_BYTES))
    if kind_of_file(stream, name) != XLSX:
        facts = inspect_file(stream)
        batch.encoding, batch.file_sha256 = facts.encoding, facts.sha256
        if sheet:
            raise refusal("no_such_sheet", value=sheet, expected="CSV")
        return
    batch.encoding = XLSX
    _inspect_workbook(batch, stream, sheet)
    batch.file_sha256 = sha256_of(stream)


def _inspect_workbook(batch: ImportBatch, stream: IO[bytes], sheet: str) -> None:
    """Note the sheets, and the one that is to be read; where it has to be chosen, the batch waits for that."""
    sheets = look_at(stream)
    batch.sheets = [[each.name, each.is_hidden, each.is_filled] for each in sheets]
    if sheet:
        batch.sheet = named_sheet(batch.sheets, sheet)
    elif found := only_sheet(sheets):
        batch.sheet = found.name
    else:
        batch.state = State.CHOOSING


def named_sheet(sheets: Sequence[Sequence[Any]], name: str) -> str:
    """The name, where a sheet has it. FileRefusedError."""
    names = [each[0] for each in sheets]
    if name not in names:
        raise refusal("no_such_sheet", value=name, expected=", ".join(names))
    return name


def refuse_without_file(batch: ImportBatch) -> None:
    """ImportStateError where the stored file was erased, with the day."""
    if batch.file:
        return
    if batch.file_erased_at is None:
        raise ImportStateError(_("The file is not there any more: upload it again."))
    day = timezone.localdate(batch.file_erased_at)
    raise ImportStateError(_("The file was erased on %(day)s: upload it again.") % {"day": day})


def glimpses(batch: ImportBatch) -> list[Sheet]:
    """The sheets with their first rows; without rows where the file is not at hand any more."""
    try:
        with batch.file.open("rb") as stored:
            refuse_altered(stored.file, batch)
            return look_at(stored.file)
    except (OSError, ValueError, FileRefusedError):
        return [Sheet(name, is_hidden, is_filled, []) for name, is_hidden, is_filled in batch.sheets]

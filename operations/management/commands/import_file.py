"""manage.py import_file KIND FILE [--sheet NAME] [--apply] [--skip-invalid] [--json] [--user NAME]: imports a file."""

import json
import os
import sys
from argparse import ArgumentParser
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import chain
from pathlib import Path
from typing import Any

from django.core.files import File
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError
from django.utils import timezone
from django.utils.translation import gettext as _

from operations import registry
from operations.admin.approval_pages import waits_in_words
from operations.approval_actions import ConfirmImport
from operations.dates import business_date
from operations.errors import ApprovalError, UnknownNameError
from operations.imports.faults import Fault
from operations.models import Approval, ImportBatch, ImportRow, User
from operations.services.approvals import ask, refuse_nobody
from operations.services.import_notes import notes_in_words
from operations.services.import_previews import batch_faults, outcome_faults, row_faults
from operations.services.imports import (
    confirm_import,
    confirmation_hindrance,
    discard_import,
    upload_file,
)
from operations.tasks import work_through

COUNTS = ("new", "changed", "unchanged", "invalid", "duplicate", "applied")
ALL_VALID, SOME_INVALID, UNREADABLE, NOT_APPLIED, NOT_APPROVED = 0, 1, 2, 3, 4


class Command(BaseCommand):
    """Checks a file, and applies it with --apply; works by itself, and with the workers where they run."""

    help = (
        "Check a spreadsheet, and import it with --apply. Exit code: 0 all rows are valid, 1 some are not, "
        "2 the file cannot be read, 3 the application stopped on its way, 4 so many rows take a second person: the "
        "request is printed and waits in the admin (without --user there can be none)."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("kind", help="for instance enterprise-customers")
        parser.add_argument("file", type=Path)
        parser.add_argument("--sheet", default="", help="of a workbook, where several sheets hold something")
        parser.add_argument("--apply", action="store_true", help="write the rows; without it, they are only checked")
        parser.add_argument("--skip-invalid", action="store_true", help="write the valid rows even if some are invalid")
        parser.add_argument("--json", action="store_true", help="print one JSON object")
        parser.add_argument("--user", help="who imports (a user name): who may, and how much alone, is asked of them")
        parser.add_argument("--reason", help="why, for the second person where it takes one")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            self._import(options)
        except DatabaseError as error:
            message = _("The database refuses (is it migrated?): %(error)s") % {"error": str(error).splitlines()[0]}
            raise CommandError(message, returncode=NOT_APPLIED) from error

    def _import(self, options: dict[str, Any]) -> None:
        kind, actor = self._importer(options["kind"]), self._actor(options["user"])
        path: Path = options["file"]
        try:
            with path.open("rb") as stream:
                batch = upload_file(
                    kind, File(stream), file_name=_plain(path.name), skips_invalid=options["skip_invalid"],
                    actor=actor, at=timezone.now(), sheet=options["sheet"],
                )
        except OSError as error:
            unread = Fault(0, "", _plain(str(path)), "unreadable_file", error.strerror or str(error))
            self._print(dict.fromkeys(COUNTS, 0), [unread], [], as_json=options["json"])
            sys.exit(UNREADABLE)
        if batch.state == ImportBatch.State.CHOOSING:
            self._refuse_choice(batch, as_json=options["json"])
        batch, request = self._work(batch, applies=options["apply"], reason=options["reason"])
        counts = {name: getattr(batch, name) for name in COUNTS}
        if request is not None:
            counts["approval"] = request.pk
            self.stderr.write(f"{request.summary} {waits_in_words(request)}")
        self._print(counts, _faults(batch), notes_in_words(batch), as_json=options["json"])
        sys.exit(_exit_code(batch) if request is None else NOT_APPROVED)

    def _refuse_choice(self, batch: ImportBatch, *, as_json: bool) -> None:
        """Nobody is asked here: the sheets are named, and nothing waits for an answer."""
        discard_import(batch, actor=batch.uploaded_by, at=timezone.now())
        names = ", ".join(f"“{name}”" for name, _is_hidden, is_filled in batch.sheets if is_filled)
        self._print(dict.fromkeys(COUNTS, 0), [Fault(0, "", "", "several_sheets", names)], [], as_json=as_json)
        sys.exit(UNREADABLE)

    def _importer(self, kind: str) -> str:
        try:
            return registry.importers.get(kind).name
        except UnknownNameError as error:
            raise CommandError(str(error), returncode=UNREADABLE) from error

    def _actor(self, username: str | None) -> User | None:
        try:
            return User.objects.get(username=username) if username else None
        except User.DoesNotExist as error:
            raise CommandError(_("There is no user “%(name)s”.") % {"name": username}, returncode=UNREADABLE) from error

    def _work(
        self, batch: ImportBatch, *, applies: bool, reason: str | None
    ) -> tuple[ImportBatch, Approval | None]:
        """Check the batch; then apply it, or drop its preview, or leave it to the request that waits for approval."""
        if batch.check_run_id:
            work_through(batch.check_run_id)
            batch.refresh_from_db()
        if batch.state != ImportBatch.State.CHECKED:
            return batch, None
        if not applies or confirmation_hindrance(batch):
            return discard_import(batch, actor=batch.uploaded_by, at=timezone.now()), None
        try:
            request = self._confirm(batch, reason=reason or _("import confirmed"), at=timezone.now())
        except ApprovalError as error:
            discard_import(batch, actor=batch.uploaded_by, at=timezone.now())
            raise CommandError(str(error), returncode=NOT_APPROVED) from error
        if request is not None:
            return batch, request
        batch.refresh_from_db()
        assert batch.apply_run_id
        work_through(batch.apply_run_id)
        batch.refresh_from_db()
        if batch.state != ImportBatch.State.APPLIED:
            message = _("The import is “%(state)s”; its run can be resumed in the admin.")
            self.stderr.write(message % {"state": batch.get_state_display()})
        return batch, None

    def _confirm(self, batch: ImportBatch, *, reason: str, at: datetime) -> Approval | None:
        """Confirm what was checked; the request, where that takes a second person."""
        seen: Any = {"preview_key": batch.preview_key, "file_sha256": batch.file_sha256}
        payload = ConfirmImport.payload_of(batch, **seen)
        if batch.uploaded_by is None:
            refuse_nobody(ConfirmImport.name, payload)
            confirm_import(batch, actor=None, at=at, **seen)
            return None
        result = ask(
            ConfirmImport.name, payload, actor=batch.uploaded_by, reason=reason, on=business_date(at), at=at
        )
        return result if isinstance(result, Approval) else None

    def _print(self, counts: dict[str, int], faults: Iterable[Fault], notes: list[str], *, as_json: bool) -> None:
        """Print an error at a time: there may be a million."""
        if as_json:
            facts = {**counts, "notes": notes} if notes else counts
            self.stdout.write(f'{json.dumps(facts, ensure_ascii=False)[:-1]}, "errors": [', ending="")
            for place, fault in enumerate(faults):
                shown = {**fault.as_json(), "message": fault.message}
                del shown["expected"], shown["field"]
                self.stdout.write((", " if place else "") + json.dumps(shown, ensure_ascii=False), ending="")
            self.stdout.write("]}")
            return
        for name, count in counts.items():
            self.stdout.write(f"{ImportBatch._meta.get_field(name).verbose_name}: {count}")  # type: ignore[union-attr]
        for note in notes:
            self.stdout.write(note)
        for fault in faults:
            self.stdout.write(
                _("line %(line)s, %(column)s “%(value)s”: %(message)s [%(code)s]")
                % {**fault.as_json(), "message": fault.message}
            )


def _plain(name: str) -> str:
    """A file name as text, whatever bytes the file system allows in it."""
    return os.fsencode(name).decode("utf-8", errors="replace")


def _exit_code(batch: ImportBatch) -> int:
    if batch.state == ImportBatch.State.REFUSED:
        return UNREADABLE
    if batch.state == ImportBatch.State.PARTLY_APPLIED:
        return NOT_APPLIED
    return SOME_INVALID if batch.invalid or batch.left_out else ALL_VALID


def _faults(batch: ImportBatch) -> Iterator[Fault]:
    """Everything that kept the file or a row of it out."""
    if batch.state == ImportBatch.State.REFUSED:
        return iter(batch_faults(batch))
    return chain(row_faults(batch), outcome_faults(batch, ImportRow.Outcome.LEFT_OUT))

"""manage.py import_file KIND FILE [--apply] [--skip-invalid] [--json]: the import of the desk, by command."""

import json
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

from django.core.files import File
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.translation import gettext as _

from operations import registry
from operations.errors import UnknownNameError
from operations.imports.faults import Fault
from operations.models import ImportBatch, ImportRow, User
from operations.services.import_previews import batch_faults, outcome_faults, row_faults
from operations.services.imports import (
    confirm_import,
    confirmation_hindrance,
    discard_import,
    upload_file,
)
from operations.tasks import work_through

COUNTS = ("new", "changed", "unchanged", "invalid", "duplicate", "applied")
ALL_VALID, SOME_INVALID, UNREADABLE = 0, 1, 2


class Command(BaseCommand):
    """Checks a file, and applies it with --apply; works by itself, and with the workers where they run."""

    help = "Check a spreadsheet, and import it with --apply. Exit code: 0 all rows valid, 1 some not, 2 file unreadable."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("kind", help="for instance enterprise-customers")
        parser.add_argument("file", type=Path)
        parser.add_argument("--apply", action="store_true", help="write the rows; without it, they are only checked")
        parser.add_argument("--skip-invalid", action="store_true", help="write the valid rows even if some are invalid")
        parser.add_argument("--json", action="store_true", help="print one JSON object")
        parser.add_argument("--user", help="who imports (a user name), for the audit trail")

    def handle(self, *args: Any, **options: Any) -> None:
        batch = self._check(options)
        if batch.state == ImportBatch.State.CHECKED:
            if options["apply"] and not confirmation_hindrance(batch):
                batch = self._apply(batch)
            else:
                discard_import(batch, actor=batch.uploaded_by, at=timezone.now())
        self._print(batch, as_json=options["json"])
        if batch.state == ImportBatch.State.REFUSED:
            sys.exit(UNREADABLE)
        sys.exit(SOME_INVALID if batch.invalid or batch.left_out else ALL_VALID)

    def _check(self, options: dict[str, Any]) -> ImportBatch:
        path: Path = options["file"]
        try:
            registry.importers.get(options["kind"])
            actor = User.objects.get(username=options["user"]) if options["user"] else None
            with path.open("rb") as stream:
                batch = upload_file(
                    options["kind"], File(stream), file_name=path.name, skips_invalid=options["skip_invalid"],
                    actor=actor, at=timezone.now(),
                )
        except (UnknownNameError, OSError) as error:
            raise CommandError(str(error), returncode=UNREADABLE) from error
        except User.DoesNotExist as error:
            message = _("There is no user “%(name)s”.") % {"name": options["user"]}
            raise CommandError(message, returncode=UNREADABLE) from error
        if batch.check_run_id:
            work_through(batch.check_run_id)
            batch.refresh_from_db()
        return batch

    def _apply(self, batch: ImportBatch) -> ImportBatch:
        batch = confirm_import(
            batch, preview_key=batch.preview_key, file_sha256=batch.file_sha256, actor=batch.uploaded_by,
            at=timezone.now(),
        )
        assert batch.apply_run_id
        work_through(batch.apply_run_id)
        batch.refresh_from_db()
        if batch.state != ImportBatch.State.APPLIED:
            raise CommandError(
                _("The import is “%(state)s”; its run can be resumed in the admin.") % {"state": batch.get_state_display()}
            )
        return batch

    def _print(self, batch: ImportBatch, *, as_json: bool) -> None:
        faults = _faults(batch)
        if as_json:
            counts = json.dumps({name: getattr(batch, name) for name in COUNTS})
            self.stdout.write(f'{counts[:-1]}, "errors": [', ending="")
            for place, fault in enumerate(faults):
                shown = {**fault.as_json(), "message": fault.message}
                shown.pop("expected")
                self.stdout.write((", " if place else "") + json.dumps(shown, ensure_ascii=False), ending="")
            self.stdout.write("]}")
            return
        for name in COUNTS:
            self.stdout.write(f"{ImportBatch._meta.get_field(name).verbose_name}: {getattr(batch, name)}")  # type: ignore[union-attr]
        for fault in faults:
            self.stdout.write(
                _("line %(line)s, %(column)s “%(value)s”: %(message)s [%(code)s]")
                % {**fault.as_json(), "message": fault.message}
            )


def _faults(batch: ImportBatch) -> Iterator[Fault]:
    """Everything that kept the file or a row of it out."""
    if batch.state == ImportBatch.State.REFUSED:
        return iter(batch_faults(batch))
    return chain(row_faults(batch), outcome_faults(batch, ImportRow.Outcome.LEFT_OUT))

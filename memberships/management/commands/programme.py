"""manage.py programme validate|diff|apply|export|schema: programme files from the command line."""

import json
import sys
from argparse import ArgumentParser
from datetime import date, datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from memberships.models import Programme
from memberships.programme_files.documents import Document, export_programme, read_document
from memberships.programme_files.faults import ProgrammeFileError
from memberships.programme_files.reading import MAX_BYTES, file_text
from memberships.programme_files.schema import SCHEMA_FILE, published_schema
from memberships.programme_files.writing import write_document
from memberships.services.revision_bases import coming, foresee_changes, neighbours, overtaken
from memberships.services.revisions import draft_revision, submit_revision
from operations.dates import business_date
from operations.errors import PlusdeskError, UnknownNameError
from operations.models import User

FINE, FAULTY, UNKNOWN, DIFFERS = 0, 1, 2, 3
FOLDER = Path(__file__).resolve().parents[3] / "programmes"


class Command(BaseCommand):
    """What the desk does with programme files, for a shell."""

    help = (
        "Programme files. validate: is the file in order (asks no database)? diff: what would it change? apply: ask "
        "for its approval. export: the file of a programme as it is. schema: write the published JSON Schema. "
        "Exit code: 0 in order (diff: nothing would change; apply: asked for, or nothing to do), 1 the file has "
        "faults, 2 there is no such file, programme or user, or it was refused, 3 diff: something would change."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        for verb in ("validate", "diff", "apply"):
            added = verbs.add_parser(verb)
            added.add_argument("files", nargs="+" if verb == "validate" else 1, metavar="FILE")
            added.add_argument("--json", action="store_true", help="print one JSON object a file")
            if verb != "validate":
                added.add_argument("--effective-on", metavar="DATE", help="as 2027-01-15; today when it is not given")
            if verb == "apply":
                added.add_argument("--user", required=True, help="who asks for it (a user name)")
                added.add_argument("--reason", required=True, help="why; the approver reads it")
        export = verbs.add_parser("export")
        export.add_argument("code", metavar="CODE")
        export.add_argument("--json", action="store_true", help="the content as JSON")
        schema = verbs.add_parser("schema")
        schema.add_argument(
            "--stdout", dest="is_printed", action="store_true",
            help=f"print it; else programmes/{SCHEMA_FILE} is written",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        at = timezone.now()
        try:
            sys.exit(getattr(self, f"_{options['verb']}")(options, at=at))
        except DatabaseError as error:
            message = _("The database refuses (is it migrated?): %(error)s") % {"error": str(error).splitlines()[0]}
            raise CommandError(message, returncode=UNKNOWN) from error
        except PlusdeskError as error:
            raise CommandError(str(error), returncode=UNKNOWN) from error

    def _validate(self, options: dict[str, Any], *, at: datetime) -> int:
        return max(self._validate_one(name, options) for name in options["files"])

    def _validate_one(self, name: str, options: dict[str, Any]) -> int:
        try:
            document = _read(name)
        except ProgrammeFileError as error:
            return self._tell_faults(error, options)
        found = {"file": name, "code": document.code, "faults": []}
        self._say(options, found, _("%(file)s: in order") % {"file": name})
        return FINE

    def _diff(self, options: dict[str, Any], *, at: datetime) -> int:
        on = max(_date(options["effective_on"], at=at), business_date(at))
        try:
            document = _read(options["files"][0])
            changes = foresee_changes(document, on=on)
        except ProgrammeFileError as error:
            return self._tell_faults(error, options)
        words = [change.words for change in changes] or [_("Nothing would change.")]
        before, after = coming(document.code, by=on), overtaken(document.code, on=on)
        self._say(
            options,
            {"file": document.name, "code": document.code, "effective_on": on.isoformat(),
             "compared_with": str(before[-1]) if before else None, "overtakes": [str(other) for other in after],
             "changes": [change.as_json() for change in changes]},
            "\n".join([*_neighbours(document, on=on), *words]),
        )
        return DIFFERS if changes else FINE

    def _apply(self, options: dict[str, Any], *, at: datetime) -> int:
        today, on = business_date(at), _date(options["effective_on"], at=at)
        actor = User.objects.filter(username=options["user"]).first()
        if actor is None:
            raise UnknownNameError(_("There is no user “%(name)s”.") % {"name": options["user"]})
        try:
            document = _read(options["files"][0])
            changes = foresee_changes(document, on=max(on, today))
        except ProgrammeFileError as error:
            return self._tell_faults(error, options)
        if not changes:
            unchanged = {"code": document.code, "changes": []}
            self._say(options, unchanged, _("Nothing would change: nothing was asked for."))
            return FINE
        neighbours_then = _neighbours(document, on=max(on, today))
        with transaction.atomic():
            draft = draft_revision(document, effective_on=on, on=today, at=at, actor=actor)
            revision = submit_revision(draft, reason=options["reason"], on=today, at=at, actor=actor)
        self._say(
            options,
            {"code": revision.code, "revision": revision.number, "approval": revision.approval_id,
             "effective_on": revision.effective_on.isoformat(), "changes": revision.told()},
            "\n".join([
                *neighbours_then, *(change["words"] for change in revision.told()),
                _("%(revision)s waits for approval %(approval)s; it is to take effect on %(day)s.")
                % {"revision": revision, "approval": revision.approval_id, "day": revision.effective_on},
            ]),
        )
        return FINE

    def _export(self, options: dict[str, Any], *, at: datetime) -> int:
        programme = Programme.objects.filter(code=options["code"]).first()
        if programme is None:
            raise UnknownNameError(_("There is no programme “%(code)s”.") % {"code": options["code"]})
        document = export_programme(programme, on=business_date(at))
        self._say(options, document.content, write_document(document).rstrip("\n"))
        return FINE

    def _schema(self, options: dict[str, Any], *, at: datetime) -> int:
        text = schema_text()
        if options["is_printed"]:
            self.stdout.write(text, ending="")
        else:
            (FOLDER / SCHEMA_FILE).write_text(text, encoding="utf-8")
        return FINE

    def _tell_faults(self, error: ProgrammeFileError, options: dict[str, Any]) -> int:
        if options["json"]:
            faults = [fault.as_json() for fault in error.faults]
            self.stdout.write(json.dumps({"file": error.name, "faults": faults}, ensure_ascii=False))
        else:
            self.stderr.write(str(error))
        return FAULTY

    def _say(self, options: dict[str, Any], data: Any, words: str) -> None:
        self.stdout.write(json.dumps(data, ensure_ascii=False) if options["json"] else words)


def _read(name: str) -> Document:
    """The document of a file. ProgrammeFileError, UnknownNameError where there is no such file."""
    try:
        with Path(name).open("rb") as file:
            return read_document(file_text(file.read(MAX_BYTES + 1), name=name), name=name)
    except OSError as error:
        raise UnknownNameError(_("%(file)s cannot be read: %(error)s") % {"file": name, "error": error}) from error


def _neighbours(document: Document, *, on: date) -> list[str]:
    """What other approved files that wait have to do with it, a line each."""
    return [f"{label}: {words}" for label, words in neighbours(document.code, on=on)]


def schema_text() -> str:
    """The published schema as its file has it."""
    return json.dumps(published_schema(), ensure_ascii=False, indent=2) + "\n"


def _date(text: str | None, *, at: datetime) -> date:
    try:
        return date.fromisoformat(text) if text else business_date(at)
    except ValueError as error:
        message = _("“%(text)s” is no date; a date is written as 2027-01-15.") % {"text": text}
        raise CommandError(message, returncode=UNKNOWN) from error

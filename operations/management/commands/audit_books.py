"""manage.py audit_books [--json] [--date D] [--since D] [--all-digests]: the books against each other, against the
gateways' own, and the audit trail against its digests.
"""

import json
import sys
from argparse import ArgumentParser
from datetime import date, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from operations import registry
from operations.dates import FIRST_DATE, business_date
from operations.models import AuditDigest
from operations.owners import number_of
from operations.services.books import Audited, Difference, Period, audit_books, period_until

CLEAN, DIFFERENT, UNKNOWN = 0, 1, 2


class Command(BaseCommand):
    """Reads only, and keeps nothing; the nightly run of the job does."""

    help = (
        "Compare the books: points, terms, payments, and the gateways' own lists. Exit code: 0 they agree, "
        "1 there is a difference or something could not be compared, 2 the dates make no sense."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--date", help="the business date, as 2027-01-15; today in Shanghai when it is not given")
        parser.add_argument("--since", help="the first date whose money is compared with the gateways' lists")
        parser.add_argument(
            "--all-digests", action="store_true", help="verify the audit trail of all days that have a digest, not of "
            "the last ones only, and print the last digest, to be compared with a copy that is kept elsewhere",
        )
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        period = _period(options, at=timezone.now())
        printer = _Json(self) if options["json"] else _Text(self)
        try:
            results = audit_books(period, tell=printer.difference, report=self._report)
        except DatabaseError as error:
            message = _("The database refuses (is it migrated?): %(error)s") % {"error": str(error).splitlines()[0]}
            raise CommandError(message, returncode=DIFFERENT) from error
        printer.results(results)
        if period.is_whole:
            printer.digest(AuditDigest.objects.order_by("-on").first())
        printer.end()
        sys.exit(CLEAN if all(audited.is_clean for audited in results) else DIFFERENT)

    def _report(self, audited: Audited, total: int) -> None:
        """How far a check is, for whoever watches."""
        if self.stderr.isatty():
            words = f"{audited.check.label}: {number_format(audited.looked_at)} / {number_format(total)}"
            self.stderr.write(f"\r\033[K{words}", ending="\r\033[K" if audited.looked_at >= total else "")


def _period(options: dict[str, Any], *, at: datetime) -> Period:
    on, since = _date(options["date"]) or business_date(at), _date(options["since"])
    if min(on, since or on) < FIRST_DATE:
        message = _("There are no dates before %(first)s.") % {"first": FIRST_DATE.isoformat()}
        raise CommandError(message, returncode=UNKNOWN)
    period = period_until(on, at=at, since=since, is_whole=options["all_digests"])
    if period.since > period.on:
        raise CommandError(
            _("--since %(since)s is after %(on)s.") % {"since": period.since, "on": period.on}, returncode=UNKNOWN
        )
    return period


def _date(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        message = _("“%(text)s” is no date; a date is written as 2027-01-15.") % {"text": text}
        raise CommandError(message, returncode=UNKNOWN) from error


class _Text:
    """A line for each difference as it is found, and one for each check at the end."""

    def __init__(self, command: Command) -> None:
        self.command = command

    def difference(self, found: Difference) -> None:
        check = registry.book_checks.get(found.check)
        line = _("%(check)s: %(words)s: %(key)s, member %(member)s: expected %(expected)s, found %(found)s") % {
            "check": check.label, "words": check.faults[found.fault], "key": found.key,
            "member": "–" if found.owner is None else number_of(found.owner),
            "expected": check.in_words(found.expected), "found": check.in_words(found.found),
        }
        self.command.stdout.write(f"{line} ({_('may still come right')})" if found.is_pending else line)

    def results(self, results: list[Audited]) -> None:
        for audited in results:
            self.command.stdout.write(self._line(audited))

    def digest(self, digest: AuditDigest | None) -> None:
        if digest is not None:
            self.command.stdout.write(
                _("last digest: %(day)s %(digest)s") % {"day": digest.on.isoformat(), "digest": digest.sha256}
            )

    def end(self) -> None:
        """Nothing is left to be said."""

    def _line(self, audited: Audited) -> str:
        if audited.error:
            return _("%(check)s: could not be compared: %(error)s") % {
                "check": audited.check.label, "error": audited.error
            }
        words = ngettext("%(count)s difference", "%(count)s differences", audited.differences)
        line = _("%(check)s: %(looked_at)s looked at, %(differences)s") % {
            "check": audited.check.label, "looked_at": number_format(audited.looked_at),
            "differences": words % {"count": number_format(audited.differences)},
        }
        return line + (_(", %(count)s pending") % {"count": audited.pending} if audited.pending else "")


class _Json:
    """One object, written as it comes: there may be a million differences."""

    def __init__(self, command: Command) -> None:
        self.command, self.is_first = command, True
        self.rest: dict[str, Any] = {}
        command.stdout.write('{"differences": [', ending="")

    def difference(self, found: Difference) -> None:
        message = str(registry.book_checks.get(found.check).faults[found.fault])
        shown = {
            "check": found.check, "fault": found.fault, "message": message, "key": found.key,
            "member": None if found.owner is None else number_of(found.owner), "expected": found.expected,
            "found": found.found, "pending": found.is_pending,
        }
        text = json.dumps(shown, ensure_ascii=False)
        self.command.stdout.write(text if self.is_first else f", {text}", ending="")
        self.is_first = False

    def results(self, results: list[Audited]) -> None:
        checks = [
            {
                "check": audited.check.name, "looked_at": audited.looked_at, "differences": audited.differences,
                "pending": audited.pending, "error": audited.error,
            }
            for audited in results
        ]
        self.rest = {"checks": checks, "clean": all(audited.is_clean for audited in results)}

    def digest(self, digest: AuditDigest | None) -> None:
        if digest is not None:
            self.rest["digest"] = {"on": digest.on.isoformat(), "sha256": digest.sha256}

    def end(self) -> None:
        self.command.stdout.write(f"], {json.dumps(self.rest, ensure_ascii=False)[1:]}")

"""manage.py run_job NAME [--date D] [--dry-run | --again | --execute RUN]: a job of the night, by command."""

import json
import sys
from argparse import ArgumentParser
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from operations import registry
from operations.admin.approval_pages import waits_in_words
from operations.approval_actions import ExecuteDryRun
from operations.dates import business_date
from operations.errors import ApprovalError, PlusdeskError, UnknownNameError
from operations.models import Approval, JobRun, RunItem, User
from operations.services import dry_runs, nights
from operations.services.approvals import ask, refuse_nobody
from operations.tasks import work_through

SUCCEEDED, FAILED, UNKNOWN, UNFINISHED, NOT_APPROVED = 0, 1, 2, 3, 4
SHOWN = 100


class Command(BaseCommand):
    """Starts a run and works on it to its end, beside any workers there are."""

    help = (
        "Run a job for a business date. Exit code: 0 it succeeded, 1 a part failed or was left out, "
        "2 there is no such job or it cannot run for that date, 3 the run has not ended or was cancelled, 4 executing "
        "so much takes a second person: the request is printed and waits in the admin."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("job", help="for instance renew_subscriptions")
        parser.add_argument("--date", help="the business date, as 2027-01-15; today in Shanghai when it is not given")
        mode = parser.add_mutually_exclusive_group()
        mode.add_argument("--dry-run", action="store_true", help="say what would be done, and do nothing")
        mode.add_argument("--again", action="store_true", help="run once more for a date that was run before")
        mode.add_argument("--execute", type=int, metavar="RUN", help="do exactly what that dry run foresaw")
        parser.add_argument("--json", action="store_true", help="print one JSON object")
        parser.add_argument("--user", help="who runs it (a user name), for the audit trail and for --execute")
        parser.add_argument("--reason", help="why a dry run is executed, for the second person where it takes one")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            run = self._start(options, at=timezone.now())
            run = self._work(run)
            result = Result(run)
            self.stdout.write(json.dumps(result.as_json(), ensure_ascii=False) if options["json"] else result.text())
        except DatabaseError as error:
            message = _("The database refuses (is it migrated?): %(error)s") % {"error": str(error).splitlines()[0]}
            raise CommandError(message, returncode=UNFINISHED) from error
        sys.exit(result.exit_code())

    def _start(self, options: dict[str, Any], *, at: datetime) -> JobRun:
        """The run that is asked for; CommandError when there can be none."""
        try:
            job = registry.jobs.get(options["job"]).name
            day, actor = _date(options["date"], at=at), _actor(options["user"])
            if options["execute"] is not None:
                return _execute(_dry_run(job, options["execute"]), actor, options["reason"], at=at)
            if options["dry_run"]:
                return dry_runs.start_dry_run(job, business_date=day, actor=actor, at=at)
            run = nights.start_by_hand(job, business_date=day, actor=actor, at=at)
            if options["again"] and run.requested_at != at:
                return nights.run_again(run, actor=actor, at=at)
            return run
        except ApprovalError as error:
            raise CommandError(str(error), returncode=NOT_APPROVED) from error
        except PlusdeskError as error:
            raise CommandError(str(error), returncode=UNKNOWN) from error

    def _work(self, run: JobRun) -> JobRun:
        """The run at its end; as it is, when the operator does not wait for that."""
        shown = ""

        def report(run: JobRun) -> None:
            nonlocal shown
            words = _("%(done)s of %(total)s") % {
                "done": number_format(run.done + run.failed), "total": number_format(run.total)
            }
            if words != shown:
                self.stderr.write(words)
                shown = words

        try:
            return work_through(run.pk, report)
        except KeyboardInterrupt:
            self.stderr.write(_("Not waiting any longer; the workers go on with the run."))
            return JobRun.objects.get(pk=run.pk)


def _date(text: str | None, *, at: datetime) -> date:
    """The business date that is meant."""
    try:
        return date.fromisoformat(text) if text else business_date(at)
    except ValueError as error:
        message = _("“%(text)s” is no date; a date is written as 2027-01-15.") % {"text": text}
        raise CommandError(message, returncode=UNKNOWN) from error


def _actor(username: str | None) -> User | None:
    user = User.objects.filter(username=username).first() if username else None
    if username and user is None:
        raise UnknownNameError(_("There is no user “%(name)s”.") % {"name": username})
    return user


def _execute(dry_run: JobRun, actor: User | None, reason: str | None, *, at: datetime) -> JobRun:
    """The run that does what the dry run foresaw; CommandError when that waits for a second person."""
    payload, reason = {"run": dry_run.pk}, reason or _("dry run approved")
    if actor is None:
        refuse_nobody(ExecuteDryRun.name, payload)
        return dry_runs.execute_dry_run(dry_run, actor=None, at=at, reason=reason)
    result = ask(ExecuteDryRun.name, payload, actor=actor, reason=reason, on=business_date(at), at=at)
    if isinstance(result, Approval):
        raise CommandError(f"{result.summary} {waits_in_words(result)}", returncode=NOT_APPROVED)
    return JobRun.objects.get(pk=result.data["run"])


def _dry_run(job: str, number: int) -> JobRun:
    run = JobRun.objects.filter(pk=number, job=job, is_dry_run=True).first()
    if run is None:
        raise UnknownNameError(_("%(job)s has no dry run %(number)s.") % {"job": job, "number": number})
    return run


class Result:
    """What came of a run, as text or as JSON."""

    def __init__(self, run: JobRun) -> None:
        self.run = run
        self.foreseen = dry_runs.summary(run) if run.is_dry_run else None
        self.left_out = list(dry_runs.left_out(run)[:SHOWN])
        self.left_out_count = len(self.left_out) if len(self.left_out) < SHOWN else dry_runs.left_out(run).count()

    def exit_code(self) -> int:
        if self.run.state not in (JobRun.State.SUCCEEDED, JobRun.State.FAILED):
            return UNFINISHED
        is_whole = self.run.state == JobRun.State.SUCCEEDED and not self.run.failed and not self.left_out_count
        return SUCCEEDED if is_whole else FAILED

    def as_json(self) -> dict[str, Any]:
        run = self.run
        shown: dict[str, Any] = {
            "run": run.pk, "job": run.job, "date": run.business_date.isoformat(), "scope": run.scope,
            "state": run.state, "error": run.shown_error, "total": run.total, "done": run.done, "failed": run.failed,
            "left_out": list(self._items(self.left_out)), "left_out_count": self.left_out_count,
        }
        if self.foreseen is not None:
            items = RunItem.objects.filter(run=run).order_by("key")[:SHOWN]
            shown["summary"] = dry_runs.summary_as_json(run, self.foreseen)
            shown["items"] = list(self._items(list(items)))
        return shown

    def _items(self, items: list[RunItem]) -> Iterable[dict[str, Any]]:
        links = registry.jobs.get(self.run.job).item_links(items)
        for item in items:
            text, url = links.get(item.key, (str(item.key), ""))
            yield {
                "key": item.key, "record": text, "url": url, "owner": item.owner, "kind": item.kind,
                "amount": dry_runs.amount_as_json(self.run, item.amount),
            }

    def text(self) -> str:
        return "\n".join(self._lines())

    def _lines(self) -> Iterable[str]:
        run = self.run
        yield _("%(run)s (run %(number)s): %(state)s") % {
            "run": run, "number": run.pk, "state": run.get_state_display()
        }
        yield _("done: %(done)s, failed or left out: %(failed)s, of %(total)s") % {
            "done": number_format(run.done), "failed": number_format(run.failed), "total": number_format(run.total)
        }
        if run.error:
            yield run.shown_error
        if self.foreseen is not None:
            yield _("would be done: %(words)s") % {"words": dry_runs.in_words(run, self.foreseen)}
            kinds = registry.jobs.get(run.job).kinds
            for kind, figures in self.foreseen.kinds.items():
                amount = dry_runs.amount_in_words(run, figures.amount)
                yield f"  {kinds.get(kind, kind)}: {number_format(figures.items)} {amount}".rstrip()
        yield from self._left_out_lines()
        for chunk in run.chunks.filter(state="parked").order_by("number")[:SHOWN]:
            yield _("chunk %(number)s failed: %(error)s") % {"number": chunk.number, "error": chunk.shown_error}

    def _left_out_lines(self) -> Iterable[str]:
        if self.left_out_count:
            yield _("left out, since they changed after the dry run: %(count)s") % {
                "count": number_format(self.left_out_count)
            }
        for item in self._items(self.left_out):
            yield f"  {item['record']}"

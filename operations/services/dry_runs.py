"""Dry runs: what a job would do, item by item; looked at, approved, and then done exactly so.

The job does nothing but write RunItems (`Job.foresee`). Executing the dry run makes a real run that names it
(`JobRun.approved`): the job does those items and no others, and leaves out those whose facts have changed since.
"""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from operations import registry
from operations.audit import because
from operations.errors import RunStateError
from operations.models import JobRun, RunItem, User
from operations.models.jobs import Kind
from operations.services.jobs import Job, start_run
from operations.services.nights import DAY, next_scope, refuse_early, refuse_future, refuse_unstartable
from operations.services.summaries import Summary, count_items

SWEPT_AT_ONCE = 10_000


def start_dry_run(job_name: str, *, business_date: date, actor: User | None, at: datetime) -> JobRun:
    """Begin to find out what a job would do on a date; each call begins anew.

    The coming night may be foreseen, too. RunStateError for a later date, or when the job has no dry runs.
    """
    refuse_unstartable(job_name)
    refuse_early(business_date)
    refuse_future(business_date, at=at, ahead=DAY)
    if not registry.jobs.get(job_name).can_foresee:
        raise RunStateError(_("This job has no dry run."))
    with transaction.atomic():
        return start_run(
            job_name, business_date=business_date, scope=next_scope(job_name, business_date, Kind.DRY_RUN),
            actor=actor, at=at, is_dry_run=True,
        )


def summary(run: JobRun) -> Summary:
    """What a dry run has foreseen: as kept when it ended, else as counted now."""
    return Summary.from_json(run.summary) if run.summary else count_items(run)


def in_words(run: JobRun, found: Summary) -> str:
    """"41,200 records of 40,100 members, 12,400.00 CNY"."""
    words = ngettext("%(count)s record", "%(count)s records", found.items) % {"count": number_format(found.items)}
    if found.owners:
        members = ngettext("%(count)s member", "%(count)s members", found.owners)
        words = _("%(records)s of %(members)s") % {
            "records": words, "members": members % {"count": number_format(found.owners)}
        }
    if found.amount is None:
        return words
    return _("%(records)s, %(amount)s") % {"records": words, "amount": amount_in_words(run, found.amount)}


def amount_in_words(run: JobRun, amount: Decimal | None) -> str:
    """"12,400.00 CNY", "12,400 points"; blank for no amount."""
    return "" if amount is None else f"{number_format(amount, decimals_of(run))} {unit_of(run)}".strip()


def unit_of(run: JobRun) -> str:
    """What the amounts of a run's items count; blank when its job is gone."""
    job = registry.jobs.find(run.job)
    return str(job.unit) if job else ""


def summary_as_json(run: JobRun, found: Summary) -> dict[str, Any]:
    """The figures and what the amounts count, these as texts."""
    kinds = {
        kind: {"items": figures.items, "amount": amount_as_json(run, figures.amount)}
        for kind, figures in found.kinds.items()
    }
    return {
        "items": found.items, "owners": found.owners, "amount": amount_as_json(run, found.amount), "kinds": kinds,
        "unit": unit_of(run),
    }


def decimals_of(run: JobRun) -> int:
    """With how many decimals the amounts of a run's items are written."""
    job = registry.jobs.find(run.job)
    return job.decimals if job else Job.decimals


def amount_as_json(run: JobRun, amount: Decimal | None) -> str | None:
    """"12400.00", or "12400" of what comes in whole ones."""
    return None if amount is None else f"{amount:.{decimals_of(run)}f}"


# --- execution

def executed_by(dry_run: JobRun) -> JobRun | None:
    """The run that did what the dry run foresaw, if it was executed."""
    return JobRun.objects.filter(
        job=dry_run.job, business_date=dry_run.business_date, is_dry_run=False, approved=dry_run
    ).first()


def hindrance(dry_run: JobRun, *, at: datetime) -> str:
    """Why a dry run that was not executed cannot be (any more), in words; blank when it can."""
    runs = JobRun.objects.filter(job=dry_run.job, business_date=dry_run.business_date)
    if not dry_run.is_dry_run:
        return _("This is no dry run.")
    if dry_run.state != JobRun.State.SUCCEEDED:
        return _("The dry run has not seen everything: it is “%(state)s”.") % {"state": dry_run.get_state_display()}
    if dry_run.requested_at < at - timedelta(days=settings.DRY_RUN_DAYS):
        return _("The dry run is too old; make another.")
    if runs.filter(is_dry_run=True, pk__gt=dry_run.pk).exists():
        return _("There is a newer dry run for this date.")
    if runs.filter(is_dry_run=False).unfinished().exists():
        return _("The job is at work for this date; wait until it has ended.")
    return ""


def execute_dry_run(run: JobRun, *, actor: User | None, at: datetime, reason: str = "") -> JobRun:
    """Do what a dry run foresaw, exactly: the real run, which is the date's own where that has none yet.

    A repeat returns the same run. RunStateError when the dry run did not succeed entirely, is not the newest of its
    job and date, is too old, or its date has not come.
    """
    with transaction.atomic():
        dry_run = JobRun.objects.select_for_update().get(pk=run.pk)
        executed = executed_by(dry_run)
        if executed is not None:
            return executed
        if words := hindrance(dry_run, at=at):
            raise RunStateError(words)
        refuse_future(dry_run.business_date, at=at)
        with because(reason or _("dry run approved"), actor=actor, dry_run=dry_run.pk):
            return _execute(dry_run, actor=actor, at=at)


def _execute(dry_run: JobRun, *, actor: User | None, at: datetime) -> JobRun:
    """The night's own run, or one beside it when beat (or a person) was quicker."""
    for scope in ("", f"{Kind.APPROVED.value}@{dry_run.pk}"):
        run = start_run(
            dry_run.job, business_date=dry_run.business_date, scope=scope, actor=actor, at=at, approved=dry_run
        )
        if run.approved_id == dry_run.pk:
            return run
    raise AssertionError("a scope that names the dry run is the dry run's own")


def left_out(run: JobRun) -> "QuerySet[RunItem]":
    """The items that a run which executes a dry run left out, by key; none for other runs."""
    return RunItem.objects.filter(run=run.approved_id, outcome=RunItem.Outcome.LEFT_OUT).order_by("key")


# --- sweeping

def sweep_items(at: datetime) -> int:
    """Remove the items of dry runs that are older than DRY_RUN_DAYS, a part at a time; how many.

    Those of a dry run that is being executed stay until it has been. May be called at any time, by many.
    """
    executions = JobRun.objects.unfinished().filter(approved=OuterRef("pk"))
    old = JobRun.objects.filter(
        ~Exists(executions), Exists(RunItem.objects.filter(run=OuterRef("pk"))), is_dry_run=True,
        requested_at__lt=at - timedelta(days=settings.DRY_RUN_DAYS),
    )
    return sum(_sweep_run(run) for run in old)


def _sweep_run(run: JobRun) -> int:
    swept = 0
    while keys := list(RunItem.objects.filter(run=run).order_by("key").values_list("key", flat=True)[:SWEPT_AT_ONCE]):
        swept += RunItem.objects.filter(run=run, key__range=(keys[0], keys[-1])).delete()[0]
    return swept

"""A run of a job for one business date and scope, and the chunks it consists of.

A chunk is one transaction: its work and its row here are committed together, so it is done or not, never
half. Everything that a crash must not lose is in these two tables; the broker carries nudges only.
"""

from datetime import datetime, timedelta
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from operations import registry
from operations.audit import track


class JobRunQuerySet(models.QuerySet["JobRun"]):
    """Runs by their state."""

    def unfinished(self) -> Self:
        """Queued or running."""
        return self.filter(state__in=[JobRun.State.QUEUED, JobRun.State.RUNNING])

    def silent(self, *, at: datetime, patience: timedelta) -> Self:
        """Unfinished, and not heard of for so long: never begun, or their worker is gone.

        A sign of life from the future is none: the clock was put back.
        """
        heard = models.Q(heartbeat_at__gte=at - patience, heartbeat_at__lte=at + patience)
        return self.unfinished().filter(models.Q(heartbeat_at=None) | ~heard)

    def of_the_night(self) -> Self:
        """The one real run of a nightly job for each date; others for the date are dry runs or run again."""
        return self.filter(scope="", is_dry_run=False)


class Kind(models.TextChoices):
    """What a scope of the form "kind@number" says: which of several runs for the date it is."""

    DRY_RUN = "dry-run", _("dry run")
    AGAIN = "again", _("run again")
    APPROVED = "approved", _("execution of dry run")

    @classmethod
    def of(cls, scope: str) -> "Kind | None":
        """The kind that a scope names; None when it names something else, or nothing."""
        kind = scope.partition("@")[0]
        return cls(kind) if kind in cls.values else None


# What changes with each chunk, and what the instants say already, is left out.
@track(
    exclude=[
        "total", "done", "failed", "error", "summary", "requested_at", "started_at", "heartbeat_at", "finished_at",
        "request_id",
    ]
)
class JobRun(models.Model):
    """One run; the same job, business date and scope never run twice."""

    class State(models.TextChoices):
        QUEUED = "queued", _("queued")
        RUNNING = "running", _("running")
        SUCCEEDED = "succeeded", _("succeeded")
        FAILED = "failed", _("failed")
        CANCELLED = "cancelled", _("cancelled")

    job = models.CharField(_("job"), max_length=64)
    business_date = models.DateField(_("business date"))
    scope = models.CharField(_("scope"), max_length=128, blank=True)
    # Says what the run would do, item by item, and does nothing.
    is_dry_run = models.BooleanField(_("dry run"), default=False, db_default=False)
    # The dry run whose items, and no others, this run does.
    approved = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="executions", db_index=False,
        verbose_name=_("approved dry run"),
    )
    state = models.CharField(_("state"), max_length=16, choices=State, default=State.QUEUED)
    total = models.BigIntegerField(_("total"), default=0)
    done = models.BigIntegerField(_("done"), default=0)
    failed = models.BigIntegerField(_("failed"), default=0)
    error = models.TextField(_("error"), blank=True)
    # What a dry run foresaw, in figures (services/dry_runs.py); they stay when its items are swept.
    summary = models.JSONField(_("summary"), null=True, blank=True)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+",
        verbose_name=_("requested by"),
    )
    cancelled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+",
        verbose_name=_("cancelled by"),
    )
    requested_at = models.DateTimeField(_("requested at"))
    # Of the HTTP request that made the run: the logs of those who work on it bear it too, whoever handed it to them.
    request_id = models.CharField(_("request"), max_length=64, blank=True, default="", db_default="", editable=False)
    started_at = models.DateTimeField(_("started at"), null=True, blank=True)
    heartbeat_at = models.DateTimeField(_("last heard of"), null=True, blank=True)
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)

    objects = JobRunQuerySet.as_manager()

    class Meta:
        verbose_name = _("job run")
        verbose_name_plural = _("job runs")
        permissions = [("operate_jobrun", _("Can start, cancel and resume job runs"))]
        constraints = [
            models.UniqueConstraint(fields=["job", "business_date", "scope"], name="jobrun_once"),
            models.CheckConstraint(
                condition=models.Q(done__gte=0, failed__gte=0, total__gte=0), name="jobrun_counts_not_negative"
            ),
        ]
        indexes = [
            models.Index(
                fields=["heartbeat_at"], name="jobrun_unfinished", condition=models.Q(state__in=["queued", "running"])
            )
        ]

    def __str__(self) -> str:
        about = f" ({self.shown_scope(self.scope)})" if self.kind else ""
        return f"{capfirst(self.label)} {self.business_date}{about}"

    @property
    def kind(self) -> Kind | None:
        """Which of several runs for the date it is; None for the date's own, and for runs about something else."""
        return Kind.of(self.scope)

    @staticmethod
    def shown_scope(scope: str) -> str:
        """A scope in words; where it is about something, what follows "@" only tells runs about it apart."""
        about, _at, number = scope.partition("@")
        kind = Kind.of(scope)
        return f"{kind.label} {number}" if kind else about

    @property
    def label(self) -> Any:
        """The job in words."""
        return self.shown_job(self.job)

    @property
    def shown_error(self) -> str:
        """Why it failed, in the reader's language where the job can say it anew."""
        job = registry.jobs.find(self.job)
        return job.error_of(self) if job and self.error else self.error

    @staticmethod
    def shown_job(name: str) -> Any:
        """A job in words; its name when it is no longer registered."""
        job = registry.jobs.find(name)
        return job.label if job else name

    @property
    def is_finished(self) -> bool:
        return self.state in (self.State.SUCCEEDED, self.State.FAILED, self.State.CANCELLED)


#: What a chunk keeps as its error when its worker left none; translated when it is read.
WORKER_DIED = "The worker died each time it worked on this chunk."


class JobChunk(models.Model):
    """A range of keys (both ends included) that is worked on in one transaction."""

    class State(models.TextChoices):
        QUEUED = "queued", _("queued")
        DONE = "done", _("done")
        PARKED = "parked", _("parked")

    run = models.ForeignKey(JobRun, models.CASCADE, related_name="chunks", verbose_name=_("job run"))
    number = models.PositiveIntegerField(_("chunk"))
    # What the keys are keys of, by a name that the job gives it, where that is not the same in every chunk.
    subject = models.CharField(_("subject"), max_length=64, blank=True, default="", db_default="")
    first_key = models.BigIntegerField(_("first key"))
    last_key = models.BigIntegerField(_("last key"))
    size = models.BigIntegerField(_("size"), default=0)
    state = models.CharField(_("state"), max_length=16, choices=State, default=State.QUEUED)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    error = models.TextField(_("error"), blank=True)
    attempted_at = models.DateTimeField(_("attempted at"), null=True, blank=True)
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)

    class Meta:
        verbose_name = _("chunk")
        verbose_name_plural = _("chunks")
        constraints = [models.UniqueConstraint(fields=["run", "number"], name="jobchunk_number")]
        indexes = [
            models.Index(fields=["run", "number"], name="jobchunk_queued", condition=models.Q(state="queued"))
        ]

    def __str__(self) -> str:
        return f"{self.number}: {self.first_key}-{self.last_key}"

    @property
    def shown_error(self) -> str:
        """The error, in the reader's language where it is the house's own."""
        is_ours = self.error == WORKER_DIED
        return str(_("The worker died each time it worked on this chunk.")) if is_ours else self.error

    @property
    def subject_label(self) -> Any:
        """The subject in words; as it is when the job is no longer registered."""
        job = registry.jobs.find(self.run.job)
        return job.subject_label(self.subject) if job else self.subject


class RunItem(models.Model):
    """One thing that a dry run found to be done, and what became of it when the dry run was executed."""

    class Outcome(models.TextChoices):
        FORESEEN = "foreseen", _("foreseen")
        DONE = "done", _("done")
        LEFT_OUT = "left_out", _("left out: changed since the dry run")

    run = models.ForeignKey(JobRun, models.CASCADE, related_name="items", db_index=False, verbose_name=_("dry run"))
    # What it is about (a subscription, a payment, a wallet: the job knows), and the member it belongs to.
    key = models.BigIntegerField(_("record"))
    owner = models.BigIntegerField(_("member"), null=True, blank=True)
    kind = models.CharField(_("kind"), max_length=32, blank=True)
    # CNY or points, as the job says.
    amount = models.DecimalField(_("amount"), max_digits=20, decimal_places=2, null=True, blank=True)
    # What the facts it rests on add up to; another value at the execution means that one of them changed.
    seen = models.BigIntegerField(_("fingerprint"), default=0)
    outcome = models.CharField(_("outcome"), max_length=16, choices=Outcome, default=Outcome.FORESEEN)

    class Meta:
        verbose_name = _("foreseen item")
        verbose_name_plural = _("foreseen items")
        constraints = [models.UniqueConstraint(fields=["run", "key"], name="runitem_once")]
        indexes = [
            models.Index(fields=["run", "key"], name="runitem_left_out", condition=models.Q(outcome="left_out"))
        ]

    def __str__(self) -> str:
        return f"{self.run_id}:{self.key}"

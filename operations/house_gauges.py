"""The gauges of this floor: runs, the queue, the outbox, approvals, the books, the database and its backup."""

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from celery import current_app
from django.conf import settings

from operations import registry
from operations.gauges import Gauge, Sample, age, counted, first, one, rows, samples

#: By the partial index of unfinished runs, of which there are few.
UNFINISHED = """
SELECT job, state, count(*) FROM operations_jobrun WHERE state IN ('queued', 'running') GROUP BY job, state
"""
OLDEST_UNFINISHED = """
SELECT job, EXTRACT(EPOCH FROM %s - min(requested_at))
FROM operations_jobrun WHERE state IN ('queued', 'running') GROUP BY job
"""
#: The last nights of each job, backwards along the unique index of job and date.
NIGHTS = """
SELECT job.name, {wanted}
FROM unnest(%s::text[]) AS job (name)
CROSS JOIN LATERAL (
    SELECT run.state, run.finished_at FROM operations_jobrun run
    WHERE run.job = job.name AND run.scope = '' AND NOT run.is_dry_run AND run.finished_at IS NOT NULL
    ORDER BY run.business_date DESC LIMIT 40
) AS night
"""
LAST_SUCCESS = NIGHTS.format(
    wanted="EXTRACT(EPOCH FROM max(night.finished_at) FILTER (WHERE night.state = 'succeeded'))"
) + "GROUP BY job.name"
LAST_FAILED = NIGHTS.replace("LIMIT 40", "LIMIT 1").format(wanted="(night.state = 'failed')::int")
LAST_AUDIT = """
SELECT id FROM operations_jobrun
WHERE job = 'audit_books' AND scope = '' AND NOT is_dry_run AND finished_at IS NOT NULL
ORDER BY business_date DESC LIMIT 1
"""
SESSIONS = """
SELECT coalesce(state, 'unknown'), count(*) FROM pg_stat_activity
WHERE datname = current_database() AND backend_type = 'client backend' GROUP BY 1
"""
OLDEST_TRANSACTION = """
SELECT coalesce(EXTRACT(EPOCH FROM clock_timestamp() - min(xact_start)), 0) FROM pg_stat_activity
WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()
"""
SLOT = """
SELECT {wanted} FROM pg_replication_slots WHERE slot_name = 'plusdesk_backup'
"""


def _nightly() -> list[str]:
    return [job.name for job in registry.jobs if job.is_nightly]


def _queue(at: datetime) -> Iterator[Sample]:
    with current_app.connection_for_read() as broker:
        name = current_app.conf.task_default_queue
        yield (name,), float(broker.default_channel.queue_declare(queue=name).message_count)


def _outbox(at: datetime) -> Iterator[Sample]:
    for state in ("queued", "waiting", "parked", "unheard"):
        yield (state,), counted("operations_outboxmessage", "state = %s", state)


def _outbox_overdue(at: datetime) -> Iterator[Sample]:
    due = "SELECT min(next_attempt_at) FROM operations_outboxmessage WHERE state = 'queued'"
    return one(age(first(rows(due)), at))


def _approvals_oldest(at: datetime) -> Iterator[Sample]:
    """By the index of those that wait; one that is over may wait for a minute to be told so."""
    return one(age(first(rows("SELECT min(requested_at) FROM operations_approval WHERE state = 'waiting'")), at))


def _differences(at: datetime) -> Iterator[Sample]:
    audit = first(rows(LAST_AUDIT))
    if audit is not None:
        for kind, is_pending in (("lasting", "NOT is_pending"), ("pending", "is_pending")):
            yield (kind,), counted("operations_bookdifference", f"run_id = %s AND {is_pending}", audit)


def _copies(at: datetime) -> Iterator[Sample]:
    """The newest whole copy (deploy/backup.py), where this host sees the folder of backups."""
    if settings.BACKUP_STORE:
        kept = sorted(Path(settings.BACKUP_STORE, "copies").glob("[0-9]*/backup.json"))
        yield (), datetime.fromisoformat(json.loads(kept[-1].read_text())["ended"]).timestamp() if kept else 0.0


GAUGES = (
    Gauge("plusdesk_job_runs_unfinished", "Runs that are queued or running.", ("job", "state"),
          lambda at: samples(UNFINISHED)),
    Gauge("plusdesk_job_oldest_unfinished_seconds", "Since when the oldest unfinished run of a job is asked for.",
          ("job",), lambda at: samples(OLDEST_UNFINISHED, at)),
    Gauge("plusdesk_job_last_success_timestamp_seconds", "When a nightly job last succeeded.", ("job",),
          lambda at: samples(LAST_SUCCESS, _nightly())),
    Gauge("plusdesk_job_last_run_failed", "1 where the last night of a job failed.", ("job",),
          lambda at: samples(LAST_FAILED, _nightly())),
    Gauge("plusdesk_queue_length", "Nudges that no worker has taken yet.", ("queue",), _queue),
    Gauge("plusdesk_outbox_messages", "Outgoing messages that are not sent, by state.", ("state",), _outbox),
    Gauge("plusdesk_outbox_overdue_seconds", "For how long the next message is due.", (), _outbox_overdue),
    Gauge("plusdesk_approvals_waiting", "Requests that wait for a second person.", (),
          lambda at: one(counted("operations_approval", "state = 'waiting'"))),
    Gauge("plusdesk_approvals_oldest_seconds", "For how long the oldest request waits.", (), _approvals_oldest),
    Gauge("plusdesk_books_differences", "What the last audit of the books found.", ("kind",), _differences),
    Gauge("plusdesk_database_sessions", "Sessions of the database, by state.", ("state",),
          lambda at: samples(SESSIONS)),
    Gauge("plusdesk_database_sessions_allowed", "How many there may be.", (),
          lambda at: samples("SELECT current_setting('max_connections')::int")),
    Gauge("plusdesk_database_oldest_transaction_seconds", "For how long the oldest transaction is open.", (),
          lambda at: samples(OLDEST_TRANSACTION)),
    Gauge("plusdesk_backup_receiver_active", "1 while changes are received as they happen.", (),
          lambda at: samples(SLOT.format(wanted="active::int"))),
    Gauge("plusdesk_backup_receiver_behind_bytes", "What the database keeps since it was not fetched.", (),
          lambda at: samples(SLOT.format(wanted="pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn)"))),
    Gauge("plusdesk_backup_last_copy_timestamp_seconds", "When the newest whole copy was finished; 0: never.", (),
          _copies),
)  # fmt: skip

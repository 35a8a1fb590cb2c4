"""Bulk actions: a choice is kept, looked at, confirmed once, and done record by record.

The records are named when they are chosen, so a filter that finds others a minute later changes nothing. Each is done
by the service of its own page, in transactions of its own: what is refused leaves the others alone, and nothing is
half done. One that changed since the choice is left out. A worker that dies after a record was done and before that was
written down finds it changed, and leaves it out: nothing is done twice.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import Sum
from django.utils.translation import gettext as _

from operations import registry
from operations.approvals import Outcome
from operations.audit import because, said
from operations.bulk import BulkAction, Foreseen
from operations.dates import business_date
from operations.errors import NotPermittedError, PlusdeskError
from operations.models import Approval, BulkChange, BulkRow, JobRun, User
from operations.services import approvals
from operations.services.jobs import start_run

State = BulkChange.State
#: Records of one bulk action. More are a matter of an import.
MOST = 1_000
#: Drafts that nobody confirmed are thrown away after so long.
DRAFT_KEPT = timedelta(days=1)
JOB, APPROVAL = "bulk_change", "bulk_change"


class BulkChangeError(PlusdeskError):
    """It cannot be done to these records at once."""


class Previewed(NamedTuple):
    """A row as it stands: its record (None: it is gone), what would happen, and whether it is another by now."""

    row: BulkRow
    record: Any
    foreseen: Foreseen | None
    has_changed: bool


def choose(
    action: BulkAction, keys: Iterable[int], *, language: str, on: date, at: datetime, actor: User
) -> BulkChange:
    """Keep a choice of records, in this order, to be looked at. NotPermittedError, BulkChangeError."""
    if not actor.has_perm(action.permission):
        raise NotPermittedError(_("You may not do this."))
    chosen = list(dict.fromkeys(keys))
    if len(chosen) > MOST:
        raise BulkChangeError(
            _("At most %(most)s records are changed at once: narrow the filters, or import a list of them.")
            % {"most": f"{MOST:,}"}
        )
    records = {record.pk: record for record in action.records(chosen)}
    if not records:
        raise BulkChangeError(_("Nothing was chosen."))
    with transaction.atomic():
        change = BulkChange.objects.create(action=action.name, made_by=actor, made_at=at, language=language)
        BulkRow.objects.bulk_create(
            BulkRow(
                change=change, place=place, key=key, seen=action.seen(records[key])[:200],
                amount=None if action.asks else _amount(action.foresee(records[key], on=on)),
            )
            for place, key in enumerate((key for key in chosen if key in records), start=1)
        )
    return change


def _amount(foreseen: Foreseen) -> Decimal | None:
    return foreseen.amount if foreseen.is_possible else None


def action_of(change: BulkChange) -> BulkAction:
    """The action of a choice, with what was said for all its records."""
    return registry.bulk_actions.get(change.action).with_given(change.given)


def awaits_answers(change: BulkChange) -> bool:
    """Whether something has to be said for all records before they can be looked at."""
    return change.state == State.DRAFT and action_of(change).asks and not change.given


@transaction.atomic
def give(change: BulkChange, answered: Mapping[str, Any], *, on: date, actor: User) -> BulkChange:
    """Say once what is done to all records of a choice, and weigh each by it; a repeat changes nothing.

    NotPermittedError.
    """
    change = BulkChange.objects.select_for_update().get(pk=change.pk)
    if change.made_by_id != actor.pk:
        raise NotPermittedError(_("Who chose the records confirms them."))
    if not awaits_answers(change):
        return change
    change.given = {**action_of(change).kept(answered), "key": f"bulk-{change.pk}"}
    change.save(update_fields=["given"])
    rows = list(change.rows.order_by("place"))
    action = action_of(change)
    records = {record.pk: record for record in action.records([row.key for row in rows])}
    for row in rows:
        record = records.get(row.key)
        row.amount = _amount(action.foresee(record, on=on)) if record is not None else None
        row.seen = action.seen(record)[:200] if record is not None else row.seen
    BulkRow.objects.bulk_update(rows, ["amount", "seen"])
    return change


def preview(change: BulkChange, rows: Sequence[BulkRow], *, on: date) -> list[Previewed]:
    """What would happen to these rows now, in words and figures."""
    action = action_of(change)
    records = {record.pk: record for record in action.records([row.key for row in rows])}
    return [_previewed(action, row, records.get(row.key), on=on) for row in rows]


def _previewed(action: BulkAction, row: BulkRow, record: Any, *, on: date) -> Previewed:
    if record is None:
        return Previewed(row, None, None, has_changed=True)
    return Previewed(row, record, action.foresee(record, on=on), has_changed=action.seen(record)[:200] != row.seen)


def sum_of(change: BulkChange) -> Decimal:
    """Of all rows that could be done when they were chosen."""
    return Decimal(change.rows.aggregate(sum=Sum("amount"))["sum"] or 0)


def done_alone(change: BulkChange) -> Decimal:
    """What its maker did alone since the day of the choice by other choices that the same limit is for.

    What is still being done counts whole; what was not done in the end does not.
    """
    limit = action_of(change).limit
    names = [action.name for action in registry.bulk_actions if action.limit == limit]
    others = BulkChange.objects.filter(
        made_by=change.made_by_id, action__in=names, state__in=(State.RUNNING, State.DONE), checker=None,
        run__business_date__gte=business_date(change.made_at),
    ).exclude(pk=change.pk)
    rows = BulkRow.objects.filter(change__in=others, outcome__in=(BulkRow.Outcome.CHOSEN, BulkRow.Outcome.DONE))
    return Decimal(rows.aggregate(sum=Sum("amount"))["sum"] or 0)


def confirm(change: BulkChange, *, reason: str, on: date, at: datetime, actor: User) -> BulkChange | Approval:
    """Have it done, once: the change as it goes on; or the request that waits, where the sum takes two people.

    A repeat changes nothing and returns the change as it stands. NotPermittedError, ApprovalError without a reason.
    """
    if change.made_by_id != actor.pk:
        raise NotPermittedError(_("Who chose the records confirms them."))
    with transaction.atomic():
        change = BulkChange.objects.select_for_update().get(pk=change.pk)
        if awaits_answers(change):
            raise BulkChangeError(_("Say first what is to be done to these records."))
        is_waiting = change.state == State.WAITING and bool(approvals.requests_about(change))
        # What was asked for and came to nothing can be asked for again.
        if is_waiting or change.state not in (State.DRAFT, State.WAITING):
            return change
        change.reason = reason.strip()[:200]
        if change.reason:
            change.state = State.WAITING
            change.save(update_fields=["reason", "state"])
        result = approvals.ask(APPROVAL, {"change": change.pk}, actor=actor, reason=reason, on=on, at=at)
    return BulkChange.objects.get(pk=change.pk) if isinstance(result, Outcome) else result


def begin(change: BulkChange, *, checker: User | None, at: datetime) -> JobRun:
    """Start the job; in the transaction that decides."""
    change.state, change.checker = State.RUNNING, checker
    # The approvals' service says which request it executes.
    change.approval_id = said("approval") if checker is not None else None
    change.run = start_run(
        JOB, business_date=business_date(at), scope=f"{change.pk}@change", actor=change.made_by, at=at
    )
    change.save(update_fields=["state", "checker", "approval", "run"])
    return change.run


def do_row(change: BulkChange, row: BulkRow, *, on: date, at: datetime) -> BulkRow:
    """Do one row, outside any transaction, and say in it what came of it; not saved."""
    action = action_of(change)
    record = next(iter(action.records([row.key])), None)
    now = _previewed(action, row, record, on=on)
    if now.has_changed or now.foreseen is None or not _is_weighed(action, row, now.foreseen):
        row.outcome, row.words = BulkRow.Outcome.LEFT_OUT, ""
        return row
    if not now.foreseen.is_possible:
        row.outcome, row.words = BulkRow.Outcome.REFUSED, now.foreseen.words[:300]
        return row
    try:
        with because(change.reason, actor=change.made_by, **_approved(change)):
            words = action.do(
                record, on=on, at=at, actor=change.made_by, checker=change.checker, reason=change.reason
            )
        row.outcome, row.words = BulkRow.Outcome.DONE, words[:300]
    except PlusdeskError as error:
        row.outcome, row.words = BulkRow.Outcome.REFUSED, str(error)[:300]
    return row


def _is_weighed(action: BulkAction, row: BulkRow, now: Foreseen) -> bool:
    """Whether what would happen was part of the sum that was weighed: not what could not be done then, nor more."""
    if not (action.limit and now.is_possible):
        return True
    return row.amount is not None and now.amount is not None and now.amount <= row.amount


def _approved(change: BulkChange) -> dict[str, Any]:
    """What the trail says of the request by which it is done, as where one record's own request is executed."""
    return {"approval": change.approval_id, "approved_by": str(change.checker)} if change.checker else {}


def note_rows(rows: Iterable[BulkRow]) -> None:
    """Write down what came of rows; one that is written down already stays."""
    for row in rows:
        BulkRow.objects.filter(pk=row.pk, outcome=BulkRow.Outcome.CHOSEN).update(outcome=row.outcome, words=row.words)


def finish(change: BulkChange) -> None:
    """Nothing more is done of it."""
    with because(change.reason, actor=change.made_by):
        BulkChange.objects.filter(pk=change.pk, state=State.RUNNING).update(state=State.DONE)


def sweep_drafts(*, at: datetime) -> int:
    """Throw away choices that nobody confirmed; how many."""
    old = BulkChange.objects.filter(state=State.DRAFT, made_at__lte=at - DRAFT_KEPT)
    count, _of = old.delete()
    return count

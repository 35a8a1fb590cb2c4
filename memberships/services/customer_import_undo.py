"""Taking an import of enterprise customers back, a range of lines at a time.

Rows that somebody touched since, that something depends on, or whose former values another customer has now,
are kept and named; a later undoing looks at them again. Member rows are locked
in key order; a second run finds no applied rows any more.
"""

from typing import Any

from django.db.models import Model, QuerySet

from memberships.models import CreditRequest, EnterpriseCustomer, Member, MemberContact, Subscription
from memberships.services.customer_import import run
from operations.models import AuditEvent, ImportBatch, ImportRow

#: The tables an import writes; another that refers to a row the import made makes that row's line stay.
WRITTEN: tuple[type[Model], ...] = (Member, EnterpriseCustomer, MemberContact, Subscription, CreditRequest)
#: What puts rows back and takes made ones away, in this order.
STATEMENTS = (
    "undo_customers", "undo_made_contacts", "undo_contacts", "undo_made_subscriptions", "undo_ended_subscriptions",
    "undo_subscriptions", "undo_made_requests", "undo_withdrawn_requests", "undo_requests",
    "undo_new_enterprisecustomers", "undo_new_members",
)


def undo_rows(batch: ImportBatch, first: int, last: int) -> tuple[int, int]:
    """Undo the applied rows of a range; (undone, kept). Changed rows go back to their values before."""
    lines = {"batch": batch.pk, "first": first, "last": last}
    run("undo_look_again", **lines)
    run("undo_lock_members", **lines)
    kept = run("undo_keep_blocked", run=str(batch.apply_run_id), **lines)
    kept += run("undo_keep_taken", **lines)
    kept += _keep_depended_on(batch, first, last)
    for name in STATEMENTS:
        run(name, run=str(batch.apply_run_id), **lines)
    return run("undo_mark_undone", **lines), kept


def _keep_depended_on(batch: ImportBatch, first: int, last: int) -> int:
    """Keep the lines of a range whose made rows are referred to by other tables, upper floors' included."""
    rows = ImportRow.objects.filter(batch=batch, line__range=(first, last), outcome=ImportRow.Outcome.APPLIED)
    members = rows.values("object_id")
    depended_on: set[int] = set()
    for model in WRITTEN:
        owner = "pk" if model is Member else "member_id"
        made = model._base_manager.filter(
            **{f"{owner}__in": members}, audit_events__pgh_label="insert",
            audit_events__pgh_context__metadata__run=batch.apply_run_id,
        )
        for referring in _references(model, members):
            depended_on.update(made.filter(pk__in=referring).values_list(owner, flat=True))
    return rows.filter(object_id__in=depended_on).update(outcome=ImportRow.Outcome.KEPT)


def _references(model: type[Model], members: "QuerySet[Any, Any]") -> list["QuerySet[Any, Any]"]:
    """The keys of `model` in every table that refers to it; the audit trail may go on speaking of what is gone."""
    found = []
    for relation in model._meta.related_objects:
        referring = relation.related_model
        if referring in WRITTEN or issubclass(referring, AuditEvent):
            continue
        rows = referring._base_manager.exclude(**{relation.field.attname: None})
        if any(field.name == "member" for field in referring._meta.fields):
            # Facts of members are indexed by member.
            rows = rows.filter(member__in=members)
        found.append(rows.values(relation.field.attname))
    return found

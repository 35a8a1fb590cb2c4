"""Taking an import of enterprise customers back, a range of lines at a time.

Rows that somebody touched since, or that something depends on, are kept and named. Member rows are locked
in key order; a second run finds no applied rows any more.
"""

from django.db.models import Model
from django.utils.timezone import localdate

from memberships.models import CreditRequest, EnterpriseCustomer, Member, MemberContact, Subscription
from memberships.services.customer_import import run
from operations.models import ImportBatch, ImportRow

#: The tables an import writes; any other that refers to a new customer's rows makes the import stay.
WRITTEN: tuple[type[Model], ...] = (Member, EnterpriseCustomer, MemberContact, Subscription, CreditRequest)


def undo_rows(batch: ImportBatch, first: int, last: int) -> tuple[int, int]:
    """Undo the applied rows of a range; (undone, kept). Changed rows go back to their values before."""
    lines = {"batch": batch.pk, "first": first, "last": last}
    run("undo_lock_members", **lines)
    kept = run("undo_keep_blocked", since=batch.confirmed_at, run=str(batch.apply_run_id), **lines)
    kept += _keep_depended_on(batch, first, last)
    for name in ("undo_customers", "undo_contacts", "undo_subscriptions"):
        run(name, **lines)
    run("undo_made_requests", **lines)
    run("undo_requests", on=localdate(batch.confirmed_at), **lines)
    for name in (
        "undo_made_subscriptions", "undo_new_membercontacts", "undo_new_enterprisecustomers", "undo_new_members",
    ):
        run(name, **lines)
    return run("undo_mark_undone", **lines), kept


def _keep_depended_on(batch: ImportBatch, first: int, last: int) -> int:
    """Keep the new customers of a range that rows of other tables refer to, upper floors' tables included."""
    rows = ImportRow.objects.filter(
        batch=batch, line__range=(first, last), outcome=ImportRow.Outcome.APPLIED, verdict="new"
    )
    members = set(rows.values_list("object_id", flat=True))
    depended_on: set[int] = set()
    for model in WRITTEN:
        owner = "pk" if model is Member else "member_id"
        for relation in model._meta.related_objects:
            referring = relation.related_model
            if referring in WRITTEN or not getattr(relation.field, "db_constraint", False):
                continue
            held = model._base_manager.filter(
                **{f"{owner}__in": members},
                pk__in=referring._base_manager.values(relation.field.attname),
            )
            depended_on.update(held.values_list(owner, flat=True))
    return rows.filter(object_id__in=depended_on).update(outcome=ImportRow.Outcome.KEPT)

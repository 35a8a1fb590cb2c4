"""Taking a list away with the personal data in it: never without a reason, never without a trace."""

from datetime import datetime

from django.db.models import Model, QuerySet

from operations.models import PersonalExport, User
from operations.proofs import demand_proof
from operations.services.reveals import ReasonMissingError


def note_personal_export(
    rows: QuerySet[Model], *, asked: str, reason: str, actor: User, at: datetime
) -> PersonalExport:
    """Note that `actor` takes these rows away unmasked, before the first of them is read. ReasonMissingError.

    Whether the actor may is the caller's question. Who has not proved it lately says once more who they are.
    """
    reason = reason.strip()
    if not reason:
        raise ReasonMissingError
    demand_proof(at=at)
    return PersonalExport.objects.create(
        actor=actor, model=rows.model._meta.label_lower, asked=asked[:2000], rows=rows.count(), reason=reason,
        exported_at=at,
    )

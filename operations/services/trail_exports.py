"""Taking a part of the audit trail away: never without a reason, never without a trace."""

from collections.abc import Mapping
from datetime import datetime

from operations.models import TrailExport, User
from operations.proofs import demand_proof
from operations.services.reveals import ReasonMissingError


def note_export(asked: Mapping[str, str], *, kind: str, reason: str, actor: User, at: datetime) -> TrailExport:
    """Note that `actor` takes away what answers a search, before it is handed over. Raises ReasonMissingError.

    Whether the actor may is the caller's question. Who has not proved it lately says once more who they are.
    """
    if not reason.strip():
        raise ReasonMissingError
    demand_proof(at=at)
    return TrailExport.objects.create(
        actor=actor, asked=dict(asked), kind=kind, reason=reason.strip(), exported_at=at
    )

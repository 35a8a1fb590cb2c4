"""Looking at personal data that is masked otherwise: never without a reason, never without a trace."""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.db.models import Model
from django.utils.translation import gettext as _

from operations.errors import PlusdeskError
from operations.models import Reveal, User
from operations.proofs import demand_proof


class ReasonMissingError(PlusdeskError):
    """A reason was asked for and not given."""

    def __init__(self) -> None:
        super().__init__(_("Say why."))


def reveal(
    record: Model, fields: Collection[str], *, reason: str, actor: User, at: datetime
) -> dict[str, str]:
    """Note that `actor` looks at these fields of a record, and return them; the note is committed first.

    Raises ReasonMissingError, FieldDoesNotExist. Whether the actor may is the caller's question.
    """
    reason = reason.strip()
    if not reason:
        raise ReasonMissingError
    demand_proof(at=at)
    columns = [record._meta.get_field(name).name for name in fields]
    with transaction.atomic():
        Reveal.objects.bulk_create(
            Reveal(
                actor=actor, model=record._meta.label_lower, object_id=record.pk, field=name, reason=reason,
                revealed_at=at,
            )
            for name in columns
        )
        shown = type(record)._default_manager.values(*columns).get(pk=record.pk)
    return {name: str(shown[name]) for name in columns}

"""Sealing every secret anew by the first key of the ring, so that the older ones can be dropped."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from django.apps import apps
from django.db import transaction
from django.db.models import BinaryField, Model, QuerySet
from django.db.models.functions import Substr

from operations.crypto import HEAD, SecretsError, current_head
from operations.models.sealed import SealedTextField


class Rotated(NamedTuple):
    """What was done with a column: secrets sealed anew, and the keys of those that no key opens."""

    done: int
    unreadable: list[Any]


def sealed_fields() -> Iterator[tuple[type[Model], SealedTextField]]:
    """Every column with secrets, with its model; by name."""
    models = (model for model in apps.get_models() if model._meta.managed and not model._meta.proxy)
    for model in sorted(models, key=lambda model: model._meta.label):
        for field in model._meta.local_concrete_fields:
            if isinstance(field, SealedTextField):
                yield model, field


def stale(model: type[Model], field: SealedTextField) -> QuerySet[Any]:
    """The rows whose secret is sealed by another key than the first; in key order."""
    heads = model._base_manager.annotate(head=Substr(field.attname, 1, HEAD, output_field=BinaryField()))
    return heads.filter(**{f"{field.name}__isnull": False}).exclude(head=current_head()).order_by("pk")


def rotate_field(
    model: type[Model], field: SealedTextField, *, chunk: int = 1_000, progress: Callable[[int], None] | None = None
) -> Rotated:
    """Seal anew what an older key sealed; what cannot be read is left as it is, and named.

    A chunk is a transaction: it locks its rows in key order and writes them. Run again, it goes on where it was.
    """
    done, after = 0, None
    unreadable: list[Any] = []
    while True:
        with transaction.atomic():
            rows = stale(model, field) if after is None else stale(model, field).filter(pk__gt=after)
            records = list(rows.select_for_update().only("pk", field.attname)[:chunk])
            if not records:
                return Rotated(done, unreadable)
            readable = [record for record in records if _reseal(record, field.attname, unreadable)]
            model._base_manager.bulk_update(readable, [field.name], batch_size=chunk)
        done, after = done + len(readable), records[-1].pk
        if progress:
            progress(done)


def _reseal(record: Model, name: str, unreadable: list[Any]) -> bool:
    """Put the same text there, sealed by the first key; whether it could be read. Who cannot is noted."""
    try:
        setattr(record, name, getattr(record, name).reveal())
    except SecretsError:
        unreadable.append(record.pk)
        return False
    return True

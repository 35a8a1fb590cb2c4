"""The tables that say what happened: the events of every tracked table, and what else only grows.

Nothing is registered: a table is part of the trail by its triggers, so that none can be forgotten.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.apps import apps
from django.db.models import DateTimeField, ForeignKey, Model, UniqueConstraint

from operations.models import User

#: The field with the member whom a row is about, in tables of members' facts.
OWNER = "member"


@dataclass(frozen=True)
class TrailTable:
    """A table of the trail, and which of its columns say what ("" where none does).

    `at`: the instant; `record`: the key of the row that it tells of; `owner`: the member; `actor` and `reason`: of a
    ledger, whose rows say so themselves. An event's stand in its context.
    """

    model: type[Model]
    told: type[Model]
    at: str
    record: str
    owner: str
    actor: str
    reason: str
    is_event: bool
    has_indexed_owner: bool

    @property
    def name(self) -> str:
        """The table's name in the database."""
        return self.model._meta.db_table

    @property
    def key(self) -> str:
        """The column of the primary key."""
        return str(self.model._meta.pk.column)

    @property
    def permission(self) -> str:
        """What one needs to see what it tells of; "" where there is no such right."""
        meta = self.told._meta
        return f"{meta.app_label}.view_{meta.model_name}" if "view" in meta.default_permissions else ""

    @property
    def tells_of_owners(self) -> bool:
        """Whether its records are the members themselves."""
        return self.told in _owners()


@cache
def trail_tables() -> tuple[TrailTable, ...]:
    """All of them, by name."""
    return tuple(sorted(_found(), key=lambda table: table.name))


def _found() -> Iterator[TrailTable]:
    for model in apps.get_models():
        if hasattr(model, "pgh_tracked_model"):
            yield _event_table(model, model.pgh_tracked_model)
        elif any(trigger.name == "append_only" for trigger in getattr(model._meta, "triggers", ())):
            yield _ledger(model)


def _event_table(model: type[Model], told: type[Model]) -> TrailTable:
    is_owner = told in _owners() or getattr(told._meta.pk.remote_field, "model", None) in _owners()
    owner = "pgh_obj_id" if is_owner else _column(model, OWNER)
    return TrailTable(
        model, told, at="pgh_created_at", record="pgh_obj_id", owner=owner, actor="", reason="", is_event=True,
        has_indexed_owner=is_owner or _is_indexed(model, OWNER),
    )


def _ledger(model: type[Model]) -> TrailTable:
    instants = [str(field.column) for field in model._meta.concrete_fields if isinstance(field, DateTimeField)]
    people = [
        str(field.column) for field in model._meta.concrete_fields
        if isinstance(field, ForeignKey) and field.remote_field.model is User
    ]
    return TrailTable(
        model, model, at=instants[0] if instants else "", record=str(model._meta.pk.column),
        owner=_column(model, OWNER), actor=people[0] if people else "", reason=_column(model, "reason"),
        is_event=False, has_indexed_owner=_is_indexed(model, OWNER),
    )


@cache
def _owners() -> frozenset[type[Model]]:
    """The models that tables of members' facts name as whom they are about."""
    fields: Iterator[Any] = (
        field for model in apps.get_models() for field in model._meta.concrete_fields if field.name == OWNER
    )
    return frozenset(field.remote_field.model for field in fields if field.remote_field)


def _column(model: type[Model], name: str) -> str:
    return next((str(field.column) for field in model._meta.concrete_fields if field.name == name), "")


def _is_indexed(model: type[Model], name: str) -> bool:
    """Whether the rows with a value of the field are found by an index."""
    field: Any = next((field for field in model._meta.concrete_fields if field.name == name), None)
    rules = [*model._meta.indexes, *(rule for rule in model._meta.constraints if isinstance(rule, UniqueConstraint))]
    return field is not None and bool(
        field.db_index or any(tuple(rule.fields)[:1] == (name,) and not rule.condition for rule in rules)
    )

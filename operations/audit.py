"""The audit trail: every change of a business row leaves a copy of the row, with who, why and by which job.

django-pghistory keeps one event table beside each tracked table. Statement-level triggers fill it, so that
bulk, COPY and raw SQL writes are in it too. Personal data is masked by the trigger: the trail can be kept
for ever while the person's own row is erased.
"""

import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import pghistory
import pgtrigger
from django.contrib.postgres.indexes import BrinIndex
from django.db import connection
from django.db.models import DO_NOTHING, ForeignKey, Model
from django.utils.translation import gettext_lazy as _
from pghistory.runtime import Context, _tracker
from pghistory.trigger import Event as EventTrigger

_M = TypeVar("_M", bound=type[Model])

#: How the trail keeps a kind of personal data: the SQL function that masks it (operations/masking.py has its twin).
MASKS: dict[str, str] = {
    "name": "mask_name({0})", "mobile": "mask_mobile({0})", "email": "mask_email({0})",
    # Free text may name anybody: how long it was is all that is kept, so that a change of it shows.
    "text": "CASE WHEN {0} = '' THEN '' ELSE '*** (' || length({0}) || ')' END",
}


class MaskedEventTrigger(EventTrigger):
    """pghistory's trigger, with personal data masked on the way into the event table."""

    def __init__(self, *, masked: Mapping[str, str], **kwargs: Any) -> None:
        self.masked = masked
        super().__init__(**kwargs)

    def get_func(self, model: type[Model]) -> pgtrigger.Func:
        """The library's function with `rows."mobile"` replaced by its mask."""
        body: str = super().get_func(model).func
        rows = self.row.replace("NEW", "new_values").replace("OLD", "old_values")
        for field, kind in self.masked.items():
            column = f'{rows}."{model._meta.get_field(field).column}"'  # type: ignore[union-attr]
            body = body.replace(column, MASKS[kind].format(column))
        return pgtrigger.Func(body)  # type: ignore[no-untyped-call]

    def get_func_template_kwargs(self, model: type[Model]) -> dict[str, Any]:
        """The library's join of the rows before and after, as a full join: of the same ids it is the same.

        plpgsql keeps the plan of the session's first update. After one of few rows that would be a nested loop for
        ever: a hundred million comparisons for a chunk of ten thousand. A full join is always hashed.
        """
        parts: dict[str, Any] = super().get_func_template_kwargs(model)
        joins = {
            name: part.replace("old_values JOIN new_values", "old_values FULL JOIN new_values")
            for name, part in parts.items() if name.startswith("cond_")
        }
        return {**parts, **joins}


def _tracker_class(base: type[pghistory.RowEvent], masked: Mapping[str, str]) -> pghistory.RowEvent:
    """An insert, update or delete tracker whose trigger masks `masked`."""

    class Tracker(base):  # type: ignore[valid-type,misc]
        def add_event_trigger(self, event_model: type[Model]) -> None:
            trigger = MaskedEventTrigger(
                masked=masked, event_model=event_model, label=self.label, name=self.trigger_name, row=self.row,
                operation=self.operation, condition=self.condition, level=self.level or pgtrigger.Statement,
            )
            pgtrigger.register(trigger)(event_model.pgh_tracked_model)  # type: ignore[attr-defined]

    return Tracker()


def keep_whole() -> pgtrigger.Trigger:
    """The trigger that refuses TRUNCATE, which passes by triggers against DELETE."""
    return pgtrigger.Trigger(
        name="keep_whole", operation=pgtrigger.Truncate, when=pgtrigger.Before, level=pgtrigger.Statement,
        func="RAISE EXCEPTION '% only grows', TG_TABLE_NAME USING ERRCODE = 'check_violation';",
    )


def by_instant(field: str, *, name: str = "") -> BrinIndex:
    """The index by which what happened in a period is found: rows come in the order of time, so a few bytes for each
    32 pages will do, and a write costs nothing. What has come since it was last summarised is summarised by vacuum."""
    return BrinIndex(fields=[field], name=name or None, pages_per_range=32, autosummarize=True)


def _plain_keys(model: type[Model], owner: str) -> dict[str, ForeignKey[Any, Any]]:
    """The event table's copies of the model's foreign keys: without constraint, and indexed for the owner only.

    An event is looked for by its row (pgh_obj, indexed) or by the row's owner. Any other index would cost every
    write of the row as much as one on the row itself.
    """
    return {
        field.name: ForeignKey(
            field.remote_field.model, DO_NOTHING, null=field.null, db_constraint=False, db_index=field.name == owner,
            related_name="+", related_query_name="+", verbose_name=field.verbose_name,
        )
        # A proxy has no fields of its own.
        for field in model._meta.concrete_fields
        if isinstance(field, ForeignKey)
    }


#: What is kept of a table's life.
EVENTS: tuple[type[pghistory.RowEvent], ...] = (pghistory.InsertEvent, pghistory.UpdateEvent, pghistory.DeleteEvent)


def track(
    *, masked: Mapping[str, str] | None = None, owner: str = "", events: Sequence[type[pghistory.RowEvent]] = EVENTS,
    **options: Any,
) -> Callable[[_M], _M]:
    """Keep an audit trail of a model: insert, update, delete, by statement-level triggers.

    `masked` maps fields with personal data to their kind in MASKS; `owner` is the foreign key to the record
    whose page shows this one's history too; `events` where less than everything is kept; other `options` are
    pghistory.track's.
    """
    trackers = [_tracker_class(event, masked or {}) for event in events]

    def wrap(model: _M) -> _M:
        meta = {
            "triggers": [keep_whole()],
            "indexes": [by_instant("pgh_created_at")],
            "verbose_name": _("audit event"),
            "verbose_name_plural": _("audit events"),
        }
        wrapped: _M = pghistory.track(
            *trackers, model_name=f"{model.__name__}Event", meta=meta, attrs=_plain_keys(model, owner),
            context_field=pghistory.ContextForeignKey(db_index=False), **options,
        )(model)
        return wrapped

    return wrap


@contextmanager
def because(reason: str = "", *, actor: Model | None = None, **facts: Any) -> Iterator[None]:
    """Give the reason, the actor and other facts (job, batch, line) to all changes made inside.

    Inside a request, or inside another reason, what is said there holds here too; what is said here holds
    here only.
    """
    known: dict[str, Any] = {"reason": str(reason)} if reason else {}
    if actor is not None:
        known["user"] = actor.pk
    outer = getattr(_tracker, "value", None)
    if outer is None:
        with pghistory.context(**known, **facts):
            yield
        return
    # A context of its own: pghistory would write these facts over those of the changes made before.
    _tracker.value = Context(id=uuid.uuid4(), metadata={**outer.metadata, **known, **facts})
    try:
        yield
    finally:
        _tracker.value = outer


def said(fact: str) -> Any:
    """A fact of the reasons that hold at the moment (`because`); None where nothing was said of it."""
    known = getattr(_tracker, "value", None)
    return known.metadata.get(fact) if known is not None else None


def attach_context() -> None:
    """Hand the context to the current transaction before a COPY or a function call.

    pghistory adds its settings to statements that change rows, which COPY (a protocol, not a statement)
    and `SELECT function()` are not. To be called inside `because(...)` and inside a transaction.
    """
    if not hasattr(_tracker, "value"):
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('pghistory.context_id', %s, true), set_config('pghistory.context_metadata', %s, true)",
            [str(_tracker.value.id), pghistory.config.json_encoder()().encode(_tracker.value.metadata)],
        )

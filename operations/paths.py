"""Guarded transitions of a state, held by the database."""

from collections.abc import Sequence

import pgtrigger


def path(field: str, transitions: Sequence[tuple[str, str]]) -> pgtrigger.Trigger:
    """The trigger that refuses every change of `field` but these (from, to).

    The rule is the trigger's condition, so that an allowed change calls nothing: pgtrigger.FSM, which says the same
    in a function, took 8 microseconds a row of a night's hundred thousands.
    """
    allowed = ", ".join(f"('{old}', '{new}')" for old, new in transitions)
    return pgtrigger.Trigger(
        name="path", operation=pgtrigger.Update, when=pgtrigger.Before,
        condition=pgtrigger.Condition(
            f'OLD."{field}" IS DISTINCT FROM NEW."{field}" AND (OLD."{field}", NEW."{field}") NOT IN ({allowed})'
        ),
        func=(
            f"RAISE EXCEPTION 'Invalid transition of % from \"%\" to \"%\"', TG_TABLE_NAME, OLD.{field}, NEW.{field} "
            "USING ERRCODE = 'check_violation';"
        ),
    )

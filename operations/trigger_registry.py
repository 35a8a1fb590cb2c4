"""pgtrigger's registry of triggers, without a search through all of them for each: with 700, a seventh of a start."""

from functools import cache
from typing import Any

from pgtrigger.registry import _Registry


@cache
def _function_of(uri: str, trigger: Any, model: Any) -> str:
    return str(trigger.get_pgid(model))


def _by_db_table(registry: Any) -> dict[tuple[str, str], Any]:
    return {(model._meta.db_table, trigger.name): trigger for model, trigger in registry.data.values()}


def _function_names(registry: Any) -> set[str]:
    return {_function_of(uri, trigger, model) for uri, (model, trigger) in registry.data.items()}


def search_quickly() -> None:
    """Let the registry read its own table, not look each up, and name the function of a trigger once.

    To be called before the first model is there. A name that is used twice is found as ever.
    """
    for name, found in (("by_db_table", _by_db_table), ("pg_function_names", _function_names)):
        setattr(_Registry, name, property(found))

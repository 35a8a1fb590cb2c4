"""Imports point down: partners -> benefits -> credit -> memberships -> operations; config wires, unimported."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parent.parent.parent
#: From the ground up. An app may import those before it.
FLOORS = ["operations", "memberships", "credit", "benefits", "partners"]
#: What a floor may take of config: helpers that know nothing of any floor.
WIRING = "config"


def imported(source: str) -> Iterator[tuple[int, str]]:
    """The top-level packages that a module imports anywhere in it, with the lines."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name.partition(".")[0]) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.lineno, node.module.partition(".")[0]


def forbidden_in(floor: str) -> set[str]:
    above = FLOORS[FLOORS.index(floor) + 1 :]
    return {*above, WIRING, "tests", "benchmarks"}


def points_up(floor: str, source: str) -> list[tuple[int, str]]:
    return [(line, package) for line, package in imported(source) if package in forbidden_in(floor)]


@pytest.mark.parametrize("floor", FLOORS)
def test_no_module_imports_from_above(floor: str) -> None:
    found = [
        f"{path.relative_to(PROJECT)}:{line} imports {package}"
        for path in sorted((PROJECT / floor).rglob("*.py"))
        for line, package in points_up(floor, path.read_text(encoding="utf-8"))
    ]
    assert found == []


@pytest.mark.parametrize(
    "source",
    ["import memberships.models", "from memberships import models",
     "def f():\n    from memberships.models import Member",
     "if True:\n    import config.settings as s", "from tests.factories import x"],
)
def test_an_import_that_points_up_is_seen(source: str) -> None:
    assert points_up("operations", source)


@pytest.mark.parametrize("source", ["from operations.models import User", "from . import x", "import json"])
def test_an_import_that_points_down_or_aside_is_fine(source: str) -> None:
    assert points_up("memberships", source) == []


def test_every_floor_that_exists_is_read() -> None:
    apps = {path.parent.name for path in PROJECT.glob("*/apps.py")} - {WIRING}
    assert apps and apps <= set(FLOORS)

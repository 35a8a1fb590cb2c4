"""Programme files as stories need them: a small one to change here and there, and its way into effect."""

from collections.abc import Mapping
from copy import deepcopy
from datetime import date
from typing import Any

from memberships.models import Programme
from memberships.programme_files.documents import Document, apply_document, changes_of, kept_document, read_document
from memberships.programme_files.faults import ProgrammeFileError
from memberships.programme_files.writing import write_document
from tests.memberships.factories import TODAY

#: A ladder of three tiers, a yearly card and one point a yuan.
CLUB: Mapping[str, Any] = {
    "programme": {"code": "club", "name": {"zh": "俱乐部", "en": "Club"}, "audience": "person"},
    "tier_groups": [
        {"code": "levels", "name": {"zh": "等级", "en": "Levels"}, "window": "calendar_year", "downgrade": "one_step"}
    ],
    "tiers": [
        {"group": "levels", "code": "basic", "name": {"zh": "普通", "en": "Basic"}, "threshold": 0},
        {"group": "levels", "code": "silver", "name": {"zh": "白银", "en": "Silver"}, "threshold": 2000},
        {"group": "levels", "code": "gold", "name": {"zh": "黄金", "en": "Gold"}, "threshold": 6000},
    ],
    "plans": [{"code": "annual", "name": {"zh": "年卡", "en": "Annual card"}, "price": "99", "term_months": 12}],
    "points": {"earn_rules": [{"code": "spend", "points_per_yuan": "1", "qualifying_per_yuan": "1"}]},
}


def club(**sections: Any) -> Document:
    """The club's file, with some sections in the place of its own; None leaves one out."""
    content = {**deepcopy(dict(CLUB)), **sections}
    return kept_document({name: section for name, section in content.items() if section is not None})


def with_plan(**facts: Any) -> Document:
    """The club's file with another yearly card."""
    return club(plans=[{**CLUB["plans"][0], **facts}])


def with_tiers(**thresholds: int) -> Document:
    """The club's file with tiers of these codes and thresholds; names are kept."""
    names = {tier["code"]: tier["name"] for tier in CLUB["tiers"]}
    return club(tiers=[
        {"group": "levels", "code": code, "name": names.get(code, {"zh": code, "en": code}), "threshold": threshold}
        for code, threshold in thresholds.items()
    ])


def text(document: Document) -> str:
    """The file's text."""
    return write_document(document)


def applied(document: Document, *, on: date = TODAY) -> Programme:
    """What the file makes of the tables, by no approval."""
    return apply_document(document, on=on, actor=None)


def told(document: Document, *, on: date = TODAY) -> list[str]:
    """What it would change, in words."""
    return [change.words for change in changes_of(document, on=on)]


def faults(source: str, name: str = "programmes/club.yaml") -> list[str]:
    """What is wrong with a file's text."""
    try:
        read_document(source, name=name)
    except ProgrammeFileError as error:
        return str(error).splitlines()
    return []

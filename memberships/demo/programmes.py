"""The demo's programmes are the shipped files, in effect since long ago, by the programme manager and the approver."""

from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path

from memberships.dates import BUSINESS_ZONE
from memberships.demo.users import APPROVER, MANAGER, make_users
from memberships.models import Plan, Programme
from memberships.programme_files.documents import read_document
from memberships.services.revisions import draft_revision, submit_revision
from operations.models import User
from operations.services.approvals import approve

FOLDER = Path(__file__).resolve().parents[2] / "programmes"
JD_PLUS, JD_PLUS_ENTERPRISE = "jd-plus", "jd-plus-enterprise"
OTHERS = ("jd-store-stars", "jdp", "meituan", "taobao")
#: What the cards of JD PLUS Enterprise allow at the most, as its file says.
ENTERPRISE_LIMIT_CAP = Decimal("2000000.00")
ENTERPRISE_TERM_DAYS_CAP = 61


def make_jd_plus(*, on: date) -> list[Plan]:
    """JD PLUS with its tiers and rules; its plans."""
    return _make(JD_PLUS, on=on)


def make_jd_plus_enterprise(*, on: date) -> list[Plan]:
    """JD PLUS Enterprise with its cards; its plans."""
    return _make(JD_PLUS_ENTERPRISE, on=on)


def make_other_programmes(*, on: date) -> None:
    """Those without members in the demo."""
    for code in OTHERS:
        _make(code, on=on)


def _make(code: str, *, on: date) -> list[Plan]:
    """The programme of a shipped file, once; its plans."""
    if not Programme.objects.filter(code=code).exists():
        _bring_into_effect(code, on=_sale_begins(on))
    return list(Plan.objects.filter(programme__code=code).order_by("price"))


def _bring_into_effect(code: str, *, on: date) -> None:
    make_users()
    manager, approver = (User.objects.get(username=login.username) for login in (MANAGER, APPROVER))
    at, reason = datetime.combine(on, time(10), BUSINESS_ZONE), "会员计划上线"
    document = read_document((FOLDER / f"{code}.yaml").read_text(encoding="utf-8"), name=f"programmes/{code}.yaml")
    draft = draft_revision(document, effective_on=on, on=on, at=at, actor=manager)
    request = submit_revision(draft, reason=reason, on=on, at=at, actor=manager).approval
    assert request is not None
    approve(request, checker=approver, decision=reason, on=on, at=at)


def _sale_begins(on: date) -> date:
    """Long before the first card of the demo was bought."""
    return date(on.year - 7, 1, 1)

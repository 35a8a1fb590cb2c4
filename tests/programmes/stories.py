"""What every shipped programme file goes through: in order, applied to an empty house, exported, nothing to do."""

from datetime import date, datetime, time
from pathlib import Path

from django.contrib.auth.models import Group

from benefits.services.entitlements import entitlements_of
from memberships.models import Enrolment, Member, Programme, ProgrammeRevision, TierStanding
from memberships.programme_files.documents import Document, changes_of, export_programme, read_document
from memberships.programme_files.writing import write_document
from memberships.services.revisions import draft_revision, submit_revision
from memberships.services.tier_evaluation import evaluate_enrolment
from operations.dates import BUSINESS_ZONE
from operations.models import User
from operations.roles import APPROVER, PROGRAMME_MANAGER, Role
from operations.services.approvals import approve
from tests.memberships.factories import TODAY

FOLDER = Path(__file__).resolve().parents[2] / "programmes"


def text_of(code: str) -> str:
    """A shipped file's text."""
    return (FOLDER / f"{code}.yaml").read_text(encoding="utf-8")


def shipped(code: str) -> Document:
    """A shipped file."""
    return read_document(text_of(code), name=f"programmes/{code}.yaml")


def somebody(username: str, role: Role) -> User:
    """A colleague with a shipped role."""
    user, _is_new = User.objects.get_or_create(username=username, defaults={"is_staff": True})
    user.groups.add(Group.objects.get(name=role.group))
    return User.objects.get(pk=user.pk)


def a_manager() -> User:
    """Xiaochen looks after the programmes."""
    return somebody("xiaochen", PROGRAMME_MANAGER)


def an_approver() -> User:
    """Laowang decides."""
    return somebody("laowang", APPROVER)


def submitted(document: Document, *, on: date = TODAY, effective_on: date | None = None) -> ProgrammeRevision:
    """A file that waits for its approval."""
    at, manager = noon(on), a_manager()
    draft = draft_revision(document, effective_on=effective_on or on, on=on, at=at, actor=manager)
    return submit_revision(draft, reason="as decided", on=on, at=at, actor=manager)


def approved(revision: ProgrammeRevision, *, on: date = TODAY) -> ProgrammeRevision:
    """After the second person said yes."""
    assert revision.approval is not None
    approve(revision.approval, checker=an_approver(), decision="fine", on=on, at=noon(on))
    return ProgrammeRevision.objects.get(pk=revision.pk)


def in_effect(document: Document, *, on: date = TODAY) -> Programme:
    """The programme that a file makes."""
    revision = approved(submitted(document, on=on), on=on)
    assert revision.state == ProgrammeRevision.State.IN_EFFECT, revision.approval.outcome
    return Programme.objects.get(code=document.code)


def noon(on: date) -> datetime:
    """Twelve o'clock in Shanghai."""
    return datetime.combine(on, time(12), BUSINESS_ZONE)


def goes_in_and_comes_out_the_same(code: str, *, on: date = TODAY) -> Programme:
    """Applied, it is what it says: neither it nor what is exported changes anything, and both mean the same."""
    document = shipped(code)
    assert document.code == code
    programme = in_effect(document, on=on)
    assert changes_of(document, on=on) == []
    exported = read_document(write_document(export_programme(programme, on=on)))
    assert changes_of(exported, on=on) == []
    assert exported.content.keys() == document.content.keys()
    return programme


def evaluated(wallet: Enrolment, *, on: date) -> None:
    """What the night of that day makes of the wallet's tiers."""
    evaluate_enrolment(wallet, on=on, at=noon(on), actor=None)


def tier_of(wallet: Enrolment) -> str:
    """The code of the tier on the programme's ladder."""
    return str(TierStanding.objects.select_related("tier").get(enrolment=wallet).tier.code)


def entitled(member: Member, *, on: date) -> dict[str, tuple[int | None, int | None]]:
    """Quota and what is left of it on a day, by benefit, and category where it has a line of its own."""
    return {
        "/".join(filter(None, [line.benefit.code, line.category])): (line.quota, line.left)
        for line in entitlements_of(member, on=on) if line.is_entitled
    }

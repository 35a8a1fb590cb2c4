"""Who asked for something that moves a limit or money, and who approved it: what rows of credit keep of it."""

from datetime import datetime
from typing import TypedDict

from credit.errors import ReasonMissingError, TwoPeopleError
from operations.models import Approval, User


class Signature(TypedDict):
    """The facts of credit.models.lines.Decided."""

    maker: User | None
    checker: User | None
    approval: Approval | None
    reason: str
    at: datetime


def sign(
    *, actor: User | None, checker: User | None, approval: Approval | None, reason: str, at: datetime
) -> Signature:
    """What a row keeps of who decided; the database refuses the same for itself (CHECK two_people).

    Raises TwoPeopleError when the maker is the checker, or when checker and request do not belong together;
    ReasonMissingError.
    """
    reason = reason.strip()
    if not reason:
        raise ReasonMissingError
    refuse_one_person(actor=actor, checker=checker, approval=approval)
    return {"maker": actor, "checker": checker, "approval": approval, "reason": reason[:200], "at": at}


def refuse_one_person(*, actor: User | None, checker: User | None, approval: Approval | None) -> None:
    """TwoPeopleError when the maker is the checker, or when checker and request do not belong together."""
    if (checker is None) != (approval is None):
        raise TwoPeopleError
    if checker is not None and approval is not None and (
        actor is None or checker.pk == actor.pk or approval.maker_id != actor.pk
    ):
        raise TwoPeopleError

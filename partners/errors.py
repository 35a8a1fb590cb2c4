"""Errors of the partners floor."""

from collections.abc import Sequence
from typing import NamedTuple

from django.utils.translation import gettext_lazy as _

from operations.errors import PlusdeskError


class PartnerKeyError(PlusdeskError):
    """A key of a partner cannot be kept, or changed, as was asked."""


class TwoKeysError(PartnerKeyError):
    """Two keys of the direction are in use: one has to be revoked, or to end, before there is a third."""

    def __init__(self) -> None:
        super().__init__(_("Two keys of this direction are valid already: revoke one of them first."))


class KeySpentError(PartnerKeyError):
    """The secret was the partner's before, or is that of the other direction."""

    def __init__(self) -> None:
        super().__init__(_("This secret was used before: a new key has a new secret."))


class KeyFormError(PartnerKeyError):
    """What was entered is no secret of Standard Webhooks."""

    def __init__(self) -> None:
        super().__init__(_("A secret is whsec_ and base64 of 24 to 64 bytes."))


class KeyOverError(PartnerKeyError):
    """The key is revoked, or its time is over."""

    def __init__(self) -> None:
        super().__init__(_("This key is not valid any more: nothing about it can be changed."))


class KeyTimeError(PartnerKeyError):
    """A key would end before it begins, or in the past."""

    def __init__(self) -> None:
        super().__init__(_("A key ends later than now and later than it begins."))


class EventStateError(PlusdeskError):
    """The event is no dead letter (any more)."""

    http_status = 409

    def __init__(self) -> None:
        super().__init__(_("This event is no dead letter any more: there is nothing to replay."))


class UnknownPartnerError(PlusdeskError):
    """No partner has that code."""

    http_status = 404

    def __init__(self) -> None:
        super().__init__(_("No partner has that code."))


class StatusMatchError(PlusdeskError):
    """A status match cannot be made or changed so; the words say why."""

    http_status = 409


class VoucherStateError(PlusdeskError):
    """The code is not in a state in which that can be done."""

    http_status = 409


class WorkDoneError(PlusdeskError):
    """What was to be done by hand is done already, or not wanted any more."""

    http_status = 409

    def __init__(self) -> None:
        super().__init__(_("Somebody has dealt with this already, or it is not wanted any more: see the list."))


class StatementFault(NamedTuple):
    """What is wrong with a line of a statement: where, what was read, and what was expected, in words."""

    line: int
    column: str
    value: str
    expected: str

    def __str__(self) -> str:
        words = _("Line %(line)s, “%(column)s”: “%(value)s” was read, expected: %(expected)s.")
        return str(words % self._asdict())


class StatementFileError(PlusdeskError):
    """The file is refused whole, and nothing of it is written; `faults` says line by line why."""

    def __init__(self, faults: Sequence[StatementFault]) -> None:
        self.faults = tuple(faults)
        super().__init__(" ".join(map(str, self.faults)))


class StatementMonthError(PlusdeskError):
    """Most lines of the file are owed in another month, or the month has not begun."""


class StatementPartnerError(PlusdeskError):
    """Most lines of the file are another partner's."""

    def __init__(self, lines: int) -> None:
        super().__init__(
            _("%(lines)s lines are of fulfilments of another partner: this is not this partner's statement.")
            % {"lines": lines}
        )


class StatementStateError(PlusdeskError):
    """The statement is withdrawn or settled, or its settlement waits for approval: nothing about it changes."""

    http_status = 409


class SettlementStateError(PlusdeskError):
    """The settlement is not in the state that this needs."""

    http_status = 409


class OpenDifferencesError(PlusdeskError):
    """Nobody has decided yet about some differing lines."""

    http_status = 409

    def __init__(self, lines: int) -> None:
        super().__init__(
            _("%(lines)s differences of the statement are open: decide about them before the month is settled.")
            % {"lines": lines}
        )

"""Errors of the partners floor."""

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

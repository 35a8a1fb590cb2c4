"""Errors of the ground floor. Each carries a message an operator can read, in the operator's language."""

from typing import ClassVar

from django.utils.translation import gettext_lazy as _


class PlusdeskError(Exception):
    """Base of every error that a service raises on purpose; `str()` of it may be shown to an operator."""

    #: The status by which the HTTP API answers it: 409 where it is the state of things that speaks against it.
    http_status: ClassVar[int] = 422


class UnknownNameError(PlusdeskError):
    """Nothing is registered under that name."""


class KeyConflictError(PlusdeskError):
    """The key was used with another body; `differing` are the fields of it, where who raises it knows them."""

    http_status = 409

    def __init__(self, key: str, *differing: str) -> None:
        words = _("The key “%(key)s” was used for something else: with a new one it can be booked.")
        if differing:
            words = _("The key “%(key)s” was used with another %(fields)s: with a new one it can be booked.")
        super().__init__(words % {"key": key, "fields": ", ".join(differing)})


class RunStateError(PlusdeskError):
    """The run's state does not allow what was asked."""

    http_status = 409


class ImportStateError(PlusdeskError):
    """The batch's state does not allow what was asked."""

    http_status = 409


class PreviewChangedError(ImportStateError):
    """What is being confirmed is not what was previewed: another operator, another file, another preview."""

    def __init__(self) -> None:
        super().__init__(_("This is not the preview you saw: check the file again, then confirm."))


class ApprovalError(PlusdeskError):
    """The request cannot be made or decided as things are."""

    http_status = 409


class NotPermittedError(ApprovalError):
    """The user may not ask for this, or may not decide about it."""

    http_status = 403


class FileRefusedError(PlusdeskError):
    """The file is refused whole. `faults` holds at least one fault with line, column, value, code."""

    def __init__(self, *faults: "Fault") -> None:
        self.faults = faults
        super().__init__("; ".join(str(fault.message) for fault in faults))


from operations.imports.faults import Fault  # noqa: E402

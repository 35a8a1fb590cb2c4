"""What can go wrong with credit, told in the operator's language."""

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from django.utils.formats import number_format
from django.utils.translation import gettext_lazy as _

from operations.errors import KeyConflictError as KeyConflictError
from operations.errors import PlusdeskError

if TYPE_CHECKING:
    from credit.models import CreditLine
    from credit.services.blocking import Hindrance


def money(amount: Decimal) -> str:
    """"1,200.00", in the language of the moment."""
    return number_format(amount, 2, force_grouping=True)


class CreditError(PlusdeskError):
    """The base of this floor's errors."""


class TwoPeopleError(CreditError):
    """Who asked for it is named as who approved it, or the approval is of something else."""

    http_status = 403

    def __init__(self) -> None:
        super().__init__(_("Who asked for it does not approve it: this takes another person."))


class ReasonMissingError(CreditError):
    """A decision about credit needs a reason."""

    def __init__(self) -> None:
        super().__init__(_("Say why: a decision about credit needs a reason."))


class NoCreditOfferError(CreditError):
    """The programme gives no credit with this card on that day."""


class CardNotHeldError(CreditError):
    """The card that would carry the line is not held on that day."""


class LineTermsError(CreditError):
    """A limit or terms that the card does not allow."""


class LineStateError(CreditError):
    """The line's state does not allow what was asked."""

    http_status = 409


class LineExistsError(LineStateError):
    """The member has a line in the programme that is not closed."""

    def __init__(self, line: "CreditLine") -> None:
        super().__init__(
            _("Member %(member)s has a credit line in “%(programme)s” already.")
            % {"member": line.member, "programme": line.programme}
        )


class StandingError(CreditError):
    """The firm does not reach the minimum standing of its card's offer."""


class DecisionError(CreditError):
    """The request cannot be decided this way."""

    http_status = 409


class PauseError(CreditError):
    """A pause of overdue states that cannot be, or cannot be changed, as was asked."""


class BackdatedPauseError(PauseError):
    """It begins before the day on which it is entered, and nobody else approved it."""

    http_status = 403

    def __init__(self) -> None:
        super().__init__(_("A pause that begins in the past takes another person's approval."))


class StatementMonthError(CreditError):
    """There is no statement of that month."""


class ConfirmationStateError(CreditError):
    """The confirmation of balance cannot be asked for or answered (any more) this way."""

    http_status = 409


class ReservedKeyError(CreditError):
    """The key is blank, too long, or one of those that the ledger makes itself."""

    def __init__(self, key: str) -> None:
        super().__init__(_("“%(key)s” is no key to book under.") % {"key": key})


class ReceiptError(CreditError):
    """A receipt that cannot be as it was told."""


class ReceiptStateError(CreditError):
    """The receipt's state does not allow what was asked."""

    http_status = 409


class AllocationError(CreditError):
    """What is asked is not there to be paid, paid with, or taken back."""

    http_status = 409


class DrawError(CreditError):
    """A draw, invoice or credit note that cannot be as it was told."""


class DrawRefusedError(CreditError):
    """Rules stop the draw: `hindrances`, each with its figure and its threshold (services/blocking.py)."""

    http_status = 409

    def __init__(self, line: "CreditLine", hindrances: "Sequence[Hindrance]") -> None:
        self.hindrances = hindrances
        super().__init__(
            _("Nothing is drawn on the credit line of member %(member)s: %(rules)s.")
            % {"member": line, "rules": "; ".join(str(each) for each in hindrances)}
        )


class AuthorisationStateError(CreditError):
    """The authorisation does not hold (any longer) what was asked of it."""

    http_status = 409


class InvoiceExistsError(CreditError):
    """The number is another invoice's, or another credit note's."""

    http_status = 409

    def __init__(self, number: str) -> None:
        super().__init__(_("The number “%(number)s” is taken: each invoice has its own.") % {"number": number})


class CreditNoteError(CreditError):
    """More would be credited than is claimed by the invoice."""

    http_status = 409


class OfficialInvoiceError(CreditError):
    """The official invoice (发票) does not go from one state to the other, or lacks its number."""

    http_status = 409

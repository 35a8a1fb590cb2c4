"""Confirmations of balance (对账函): a firm is asked whether it owes what the books say, and what it answers is noted.

asked -> confirmed, or disputed -> confirmed once it is cleared up. What the books said on the day is kept as it was.
"""

from datetime import date
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _

from credit.errors import ConfirmationStateError
from credit.models import BalanceConfirmation, CreditLine
from credit.services.ageing import ageing_of
from credit.services.credit_statements import unapplied_on
from credit.services.lines import lock_line
from operations.audit import because
from operations.models import User

State = BalanceConfirmation.State


@transaction.atomic
def ask_for_confirmation(line: CreditLine, *, as_of: date, on: date, actor: User | None) -> BalanceConfirmation:
    """Ask a firm for its balance of a day that is over, or today's; a repeat returns the first question.

    Raises ConfirmationStateError for a day before the line was opened, or after `on`.
    """
    lock_line(line.pk)
    if not line.opened_on <= as_of <= on:
        words = _("A balance is confirmed as of a day from %(first)s to %(last)s.")
        raise ConfirmationStateError(words % {"first": line.opened_on, "last": on})
    there = BalanceConfirmation.objects.filter(line=line, as_of=as_of).first()
    if there is not None:
        return there
    with because(actor=actor):
        return BalanceConfirmation.objects.create(
            line=line, member_id=line.member_id, as_of=as_of, asked_on=on, actor=actor,
            open_amount=ageing_of([line], on=as_of).total, unapplied_amount=unapplied_on(line, on=as_of),
        )


@transaction.atomic
def confirm_balance(
    confirmation: BalanceConfirmation, *, on: date, actor: User | None, note: str = ""
) -> BalanceConfirmation:
    """The firm says that it is so, perhaps after a dispute; a repeat changes nothing. ConfirmationStateError."""
    confirmation = _locked(confirmation, on=on)
    if confirmation.state == State.CONFIRMED:
        return confirmation
    confirmation.state, confirmation.answered_on = State.CONFIRMED, on
    return _answered(confirmation, note, actor)


@transaction.atomic
def dispute_balance(
    confirmation: BalanceConfirmation, *, stated_amount: Decimal, on: date, actor: User | None, note: str
) -> BalanceConfirmation:
    """The firm's own books say something else: how much, and what it says of it. A repeat changes nothing.

    Raises ConfirmationStateError when it is confirmed, when the amount is the books' own, or nothing is said of it.
    """
    confirmation = _locked(confirmation, on=on)
    if confirmation.state == State.DISPUTED and confirmation.stated_amount == stated_amount:
        return confirmation
    if confirmation.state != State.ASKED:
        words = _("This confirmation is “%(state)s” already.")
        raise ConfirmationStateError(words % {"state": confirmation.get_state_display()})
    if stated_amount == confirmation.open_amount - confirmation.unapplied_amount:
        raise ConfirmationStateError(_("That is what the books say: it is confirmed, not disputed."))
    if not note.strip():
        raise ConfirmationStateError(_("Note what the firm says of the difference."))
    confirmation.state, confirmation.answered_on, confirmation.stated_amount = State.DISPUTED, on, stated_amount
    return _answered(confirmation, note, actor)


def _locked(confirmation: BalanceConfirmation, *, on: date) -> BalanceConfirmation:
    found = BalanceConfirmation.objects.select_for_update(no_key=True).get(pk=confirmation.pk)
    if on < found.asked_on:
        words = _("It was asked on %(asked)s: the answer is of a later day.")
        raise ConfirmationStateError(words % {"asked": found.asked_on})
    return found


def _answered(confirmation: BalanceConfirmation, note: str, actor: User | None) -> BalanceConfirmation:
    if note.strip():
        confirmation.note = note.strip()[:200]
    with because(confirmation.note, actor=actor):
        confirmation.save(update_fields=["state", "answered_on", "stated_amount", "note"])
    return confirmation

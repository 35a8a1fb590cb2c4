"""Receipts: entered, matched to who paid, taken back. What they pay is said in allocations.py.

The line is locked first, then the receipt. Each of these may be repeated: the second time finds it done.
"""

import unicodedata
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from credit.errors import KeyConflictError, ReceiptError, ReceiptStateError, ReservedKeyError, money
from credit.models import CreditEntry, CreditLine, Receipt, ReceiptStep
from credit.services import statements
from credit.services.allocations import (
    allocate_receipts,
    book,
    by_hand,
    first_result,
    lock_line_of,
    owe_again,
    refuse_more,
    release_receipt,
)
from credit.services.claims import claim_refunded
from credit.services.lines import lock_line
from credit.services.signatures import refuse_one_person, sign
from operations.models import Approval, User

Kind = CreditEntry.Kind
State = Receipt.State
LENGTHS = {"key": 96, "payer_name": 200, "payer_account": 64, "reference": 200}
MOST = Decimal("999999999999.99")


class Incoming(NamedTuple):
    """A payment as the bank tells it; `key` is the bank's own number of it, for ever.

    `received_on` is the day it was on the account.
    """

    key: str
    payer_name: str
    amount: Decimal
    received_on: date
    payer_account: str = ""
    reference: str = ""


class Owner(NamedTuple):
    """Whose a payment is, and by which rule (Receipt.Rule)."""

    line_id: int
    member_id: int
    rule: str


# --- entering

@transaction.atomic
def enter_receipt(
    incoming: Incoming, *, on: date, at: datetime, actor: User | None, checker: User | None = None,
    approval: Approval | None = None,
) -> Receipt:
    """Book a payment: match it to its line where a rule says whose it is, and let it pay invoices there.

    Raises ReceiptError, ReservedKeyError, TwoPeopleError; KeyConflictError where the bank's number was another payment.
    """
    incoming = cleaned(incoming, on=on)
    refuse_one_person(actor=actor, checker=checker, approval=approval)
    if there := _entered(incoming):
        return there
    owner = find_owner(incoming, on=on)
    if owner is not None:
        lock_line(owner.line_id)
    receipt = Receipt(
        **incoming._asdict(), on=on, at=at, actor=actor, checker=checker, approval=approval,
        **({"state": State.UNMATCHED} if owner is None else {"state": State.MATCHED, **owner._asdict()}),
    )
    try:
        with transaction.atomic():
            receipt.save(force_insert=True)
    except IntegrityError:
        if there := _entered(incoming):
            return there
        raise
    if owner is not None:
        allocate_receipts(
            [(owner.line_id, receipt.pk)], received=[receipt.pk], are_new=True, on=on, at=at, actor=actor,
            checker=checker, approval=approval,
        )
    return Receipt.objects.get(pk=receipt.pk)


def cleaned(incoming: Incoming, *, on: date) -> Incoming:
    """As it is kept: texts without odd forms of characters and blanks around. Raises ReceiptError, ReservedKeyError."""
    texts = {name: unicodedata.normalize("NFKC", getattr(incoming, name)).strip() for name in LENGTHS}
    if not texts["key"]:
        raise ReservedKeyError("")
    if not texts["payer_name"]:
        raise ReceiptError(_("A receipt names who paid."))
    for name, most in LENGTHS.items():
        if len(texts[name]) > most:
            words = _("“%(text)s” is longer than %(most)s characters.")
            raise ReceiptError(words % {"text": texts[name], "most": most})
    amount = incoming.amount
    if not amount.is_finite() or not 0 < amount <= MOST or amount != round(amount, 2):
        raise ReceiptError(_("%(amount)s CNY is no amount of a receipt.") % {"amount": amount})
    if incoming.received_on > on:
        raise ReceiptError(
            _("%(day)s is yet to come: today is %(on)s.") % {"day": incoming.received_on, "on": on}
        )
    return Incoming(**texts, amount=amount, received_on=incoming.received_on)


def refuse_receipt(incoming: Incoming, *, on: date) -> None:
    """Raises what `enter_receipt` would raise of what is entered itself."""
    _entered(cleaned(incoming, on=on))


def _entered(incoming: Incoming) -> Receipt | None:
    """The receipt of the bank's number. KeyConflictError where that is of another day, amount or payer."""
    there = Receipt.objects.filter(key=incoming.key).first()
    if there is not None:
        same = {
            "amount": there.amount == incoming.amount, "received_on": there.received_on == incoming.received_on,
            "payer_name": _plain(there.payer_name) == _plain(incoming.payer_name),
        }
        fields = [Receipt._meta.get_field(name) for name, is_same in same.items() if not is_same]
        if fields:
            raise KeyConflictError(incoming.key, *(str(field.verbose_name) for field in fields))  # type: ignore[union-attr]
    return there


def _plain(name: str) -> str:
    """Of a payer: blanks and capitals make no other one."""
    return "".join(name.split()).lower()


def find_owner(incoming: Incoming, *, on: date) -> Owner | None:
    """Whose it is by reference, payer's account or name (sql/receipts/owners.sql); None where nothing says so."""
    found = statements.rows(
        "receipts/owner_of", reference=incoming.reference, account=incoming.payer_account, payer=incoming.payer_name,
        on=on,
    )
    return Owner(*found[0]) if found else None


# --- whose it is, by hand

@transaction.atomic
def match_receipt(
    receipt: Receipt, line: CreditLine, *, on: date, at: datetime, actor: User | None, checker: User | None = None,
    approval: Approval | None = None, reason: str = "",
) -> Receipt:
    """Say whose payment it is, and let it pay invoices there. Raises ReceiptStateError, TwoPeopleError."""
    refuse_one_person(actor=actor, checker=checker, approval=approval)
    line = lock_line(line.pk)
    receipt = _lock(receipt)
    if receipt.state == State.MATCHED and receipt.line_id == line.pk:
        return receipt
    _expect(receipt, State.UNMATCHED)
    _become(receipt, State.MATCHED, line=line, member_id=line.member_id, rule=Receipt.Rule.HAND)
    allocate_receipts(
        [(line.pk, receipt.pk)], received=[receipt.pk], on=on, at=at, actor=actor, checker=checker, approval=approval,
        reason=reason,
    )
    return Receipt.objects.get(pk=receipt.pk)


@transaction.atomic
def unmatch_receipt(
    receipt: Receipt, *, on: date, at: datetime, actor: User | None, reason: str, checker: User | None = None,
    approval: Approval | None = None,
) -> Receipt:
    """It was somebody else's: what it paid is open again, and it is nobody's.

    Raises ReceiptStateError, also where some of it was paid back; TwoPeopleError.
    """
    refuse_one_person(actor=actor, checker=checker, approval=approval)
    receipt = Receipt.objects.get(pk=receipt.pk)
    if receipt.state == State.UNMATCHED:
        return receipt
    receipt = _take_from_line(
        receipt, Kind.UNMATCH, on=on, at=at, actor=actor, reason=reason, checker=checker, approval=approval
    )
    return _become(receipt, State.UNMATCHED, line=None, member=None, rule="")


@transaction.atomic
def set_receipt_aside(
    receipt: Receipt, *, on: date, at: datetime, actor: User | None, reason: str, checker: User | None = None,
    approval: Approval | None = None,
) -> Receipt:
    """It is no firm's payment at all: interest of the bank, a transfer of our own.

    Raises ReceiptStateError, ReceiptError without a reason, TwoPeopleError.
    """
    refuse_one_person(actor=actor, checker=checker, approval=approval)
    receipt = _lock(receipt)
    if receipt.state == State.SET_ASIDE:
        return receipt
    _expect(receipt, State.UNMATCHED)
    if not reason.strip():
        raise ReceiptError(_("Say why it is set aside."))
    _keep_step(
        receipt, State.SET_ASIDE, on=on, at=at, actor=actor, reason=reason, checker=checker, approval=approval
    )
    return _become(receipt, State.SET_ASIDE, ended_on=on, note=reason.strip()[:200])


@transaction.atomic
def take_receipt_up(receipt: Receipt, *, on: date, at: datetime, actor: User | None, reason: str) -> Receipt:
    """Put it among those to be matched again. Raises ReceiptStateError."""
    receipt = _lock(receipt)
    if receipt.state == State.UNMATCHED:
        return receipt
    _expect(receipt, State.SET_ASIDE)
    _keep_step(receipt, State.UNMATCHED, on=on, at=at, actor=actor, reason=reason)
    return _become(receipt, State.UNMATCHED, ended_on=None)


# --- money that leaves again

@transaction.atomic
def bounce_receipt(
    receipt: Receipt, *, on: date, at: datetime, actor: User | None, reason: str, checker: User | None = None,
    approval: Approval | None = None,
) -> Receipt:
    """The bank took it back: exactly what it had paid is open again, whatever other receipts paid since.

    What was paid back of it is claimed from the firm, by an invoice that is due at once. A line that had closed owes
    again. Raises ReceiptStateError, TwoPeopleError.
    """
    refuse_one_person(actor=actor, checker=checker, approval=approval)
    receipt = Receipt.objects.get(pk=receipt.pk)
    if receipt.state == State.BOUNCED:
        return receipt
    if receipt.state == State.UNMATCHED:
        receipt = _lock(receipt)
        _expect(receipt, State.UNMATCHED)
        _keep_step(
            receipt, State.BOUNCED, on=on, at=at, actor=actor, reason=reason, checker=checker, approval=approval
        )
    else:
        receipt = _take_from_line(
            receipt, Kind.BOUNCE, on=on, at=at, actor=actor, reason=reason, checker=checker, approval=approval
        )
    return _become(receipt, State.BOUNCED, ended_on=on, note=reason.strip()[:200])


@transaction.atomic
def refund_receipt(
    receipt: Receipt, amount: Decimal, *, key: str, on: date, at: datetime, actor: User | None, reason: str,
    checker: User | None = None, approval: Approval | None = None,
) -> CreditEntry:
    """Note that so much of what is unapplied was paid back to the firm.

    Raises AllocationError, KeyConflictError, ReservedKeyError, TwoPeopleError, ReasonMissingError.
    """
    sign(actor=actor, checker=checker, approval=approval, reason=reason, at=at)
    line = lock_line_of(receipt)
    if first := first_result(line, Kind.REFUND, key, amount, receipt_id=receipt.pk):
        return first
    refuse_more(amount, Receipt.objects.get(pk=receipt.pk).unapplied, _("unapplied of the receipt"))
    return book(
        line, Kind.REFUND, amount, key=by_hand(key), on=on, at=at, actor=actor, reason=reason, receipt=receipt,
        checker=checker, approval=approval,
    )


def _take_from_line(
    receipt: Receipt, kind: str, *, on: date, at: datetime, actor: User | None, reason: str, checker: User | None,
    approval: Approval | None,
) -> Receipt:
    """Take back what it pays and then the whole of it; the receipt, locked, still as the line's."""
    _expect(receipt, State.MATCHED)
    line = lock_line_of(receipt)
    receipt = Receipt.objects.get(pk=receipt.pk)
    if receipt.refunded and kind == Kind.UNMATCH:
        raise ReceiptStateError(
            _("%(amount)s CNY of the receipt was paid back to this firm, so it stays the firm's. What another firm "
              "paid with it, pay back here, and enter it there as a receipt of its own.")
            % {"amount": money(receipt.refunded)}
        )
    if receipt.allocated or receipt.refunded:
        owe_again(line, on=on, at=at, actor=actor)
    who: dict[str, Any] = {
        "on": on, "at": at, "actor": actor, "reason": reason[:200], "checker": checker, "approval": approval
    }
    release_receipt(receipt, **who)
    if receipt.refunded:
        claim_refunded(line, receipt, **who)
    times = CreditEntry.objects.filter(receipt=receipt, kind=kind).count()
    key = f"{kind}:{receipt.pk}" + (f":{times}" if times else "")
    book(line, kind, receipt.amount, key=key, receipt=receipt, **who)
    return receipt


def _lock(receipt: Receipt) -> Receipt:
    return Receipt.objects.select_for_update(no_key=True).get(pk=receipt.pk)


def _expect(receipt: Receipt, *states: str) -> None:
    if receipt.state not in states:
        raise ReceiptStateError(_("The receipt is “%(state)s”.") % {"state": receipt.get_state_display()})


def _keep_step(receipt: Receipt, state: State, *, reason: str, **facts: Any) -> None:
    """Of a receipt that is nobody's no entry tells what became of it."""
    ReceiptStep.objects.create(receipt=receipt, state=state, reason=reason.strip()[:200], **facts)


def _become(receipt: Receipt, state: str, **facts: Any) -> Receipt:
    """Write the new state; the sums are the ledger's and are not touched."""
    Receipt.objects.filter(pk=receipt.pk).update(state=state, **facts)
    return Receipt.objects.get(pk=receipt.pk)

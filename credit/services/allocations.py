"""Which invoices a receipt pays: by the policy's order, or by hand; and taking that back.

An allocation is an entry of the ledger. What is paid by rule is worked out by one function of the database
(sql/receipts/allocations.sql) for receipts of different lines at once; several of one line come after each other, the
first entered first, in as many rounds. One receipt is a round of one, so many come to the same as each by itself.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from credit.errors import AllocationError, KeyConflictError, ReservedKeyError, money
from credit.models import CreditEntry, CreditLine, Invoice, Receipt
from credit.services import statements
from credit.services.lines import end_limit, lock_line
from operations.audit import because
from operations.models import Approval, User
from operations.proofs import demand_proof

Kind = CreditEntry.Kind
KEY = 64
#: The two entries of a move have one key: up to KEY characters, as everywhere, and one of these in the ledger.
FROM, TO = ":from", ":to"


# --- by rule

def allocate_receipts(
    receipts: Iterable[tuple[int, int]], *, on: date, at: datetime, actor: User | None, received: Iterable[int] = (),
    are_new: bool = False, checker: User | None = None, approval: Approval | None = None, reason: str = "",
) -> int:
    """Book what receipts pay, given as (line, receipt), and what of them came in just now; how many entries.

    The lines are locked. Of one line the receipts pay in their order here. `are_new`: none was ever booked before.
    """
    who = _who(actor=actor, checker=checker, approval=approval)
    booked, new = 0, list(received)
    for paying in _rounds(receipts) or [[]]:
        booked += statements.run(
            "receipts/book", received=new, paying=paying, on=on, at=at, reason=reason, new=are_new, **who
        )
        new = []
    return booked


def _rounds(receipts: Iterable[tuple[int, int]]) -> list[list[int]]:
    """Receipts in rounds of one of each line."""
    before: Counter[int] = Counter()
    rounds: defaultdict[int, list[int]] = defaultdict(list)
    for line, receipt in receipts:
        rounds[before[line]].append(receipt)
        before[line] += 1
    return [rounds[number] for number in range(len(rounds))]


@transaction.atomic
def apply_unapplied(line: CreditLine, *, on: date, at: datetime, actor: User | None, reason: str = "") -> int:
    """Pay what is open of a line from what is unapplied of its receipts, the first one first; how many entries.

    By the policy's order, as when they came in. A repeat finds nothing left, of one or the other.
    """
    lock_line(line.pk)
    unapplied = Receipt.objects.with_unapplied().filter(line=line.pk).order_by("pk").values_list("line", "pk")
    return allocate_receipts(list(unapplied), on=on, at=at, actor=actor, reason=reason)


# --- by hand

@transaction.atomic
def allocate(
    receipt: Receipt, invoice: Invoice, *, amount: Decimal | None = None, key: str, on: date, at: datetime,
    actor: User | None, reason: str = "", step: str = "",
) -> CreditEntry:
    """Pay an invoice of the receipt's line from what is unapplied of it: so much, or as much as goes.

    `step`: which part it is of something that has one key. Raises AllocationError, KeyConflictError, ReservedKeyError.
    """
    demand_proof(at=at)
    line = lock_line_of(receipt)
    facts = {"receipt_id": receipt.pk, "invoice_id": invoice.pk}
    if first := first_result(line, Kind.ALLOCATE, key, amount, step=step, **facts):
        return first
    receipt, invoice = Receipt.objects.get(pk=receipt.pk), Invoice.objects.get(pk=invoice.pk)
    if invoice.line_id != line.pk:
        raise AllocationError(_("Invoice “%(invoice)s” is of another credit line.") % {"invoice": invoice})
    amount = min(receipt.unapplied, invoice.outstanding) if amount is None else amount
    refuse_more(amount, receipt.unapplied, _("unapplied of the receipt"))
    refuse_more(amount, invoice.outstanding, _("open of the invoice"))
    return book(line, Kind.ALLOCATE, amount, key=by_hand(key, step), on=on, at=at, actor=actor, reason=reason, **facts)


@transaction.atomic
def deallocate(
    allocation: CreditEntry, *, amount: Decimal | None = None, key: str, on: date, at: datetime, actor: User | None,
    reason: str, step: str = "",
) -> CreditEntry:
    """Take an allocation back, or so much of it: the invoice is open again, the receipt's money unapplied.

    `step` as in `allocate`. Raises AllocationError, KeyConflictError, ReservedKeyError.
    """
    demand_proof(at=at)
    line = lock_line(allocation.line_id)
    facts = {"receipt_id": allocation.receipt_id, "invoice_id": allocation.invoice_id, "reverses_id": allocation.pk}
    if first := first_result(line, Kind.DEALLOCATE, key, amount, step=step, **facts):
        return first
    if allocation.kind != Kind.ALLOCATE:
        raise AllocationError(_("Only an allocation is taken back this way."))
    left = left_of(allocation)
    amount = left if amount is None else amount
    refuse_more(amount, left, _("left of the allocation"))
    owe_again(line, on=on, at=at, actor=actor)
    key = by_hand(key, step)
    return book(line, Kind.DEALLOCATE, amount, key=key, on=on, at=at, actor=actor, reason=reason, **facts)


@transaction.atomic
def move_allocation(
    allocation: CreditEntry, invoice: Invoice, *, amount: Decimal | None = None, key: str, on: date, at: datetime,
    actor: User | None, reason: str,
) -> CreditEntry:
    """Let what paid one invoice pay another of the same line; the new allocation, which may be of less.

    What the other invoice does not need stays with the first one. Raises what `allocate` and `deallocate` raise.
    """
    line, receipt = lock_line(allocation.line_id), allocation.receipt
    assert receipt is not None
    if first := first_result(line, Kind.ALLOCATE, key, amount, step=TO, receipt_id=receipt.pk, invoice_id=invoice.pk):
        return first
    if invoice.pk == allocation.invoice_id:
        raise AllocationError(_("It pays invoice “%(invoice)s” already.") % {"invoice": invoice})
    amount = min(left_of(allocation), Invoice.objects.get(pk=invoice.pk).outstanding) if amount is None else amount
    told: dict[str, Any] = {"amount": amount, "key": key, "on": on, "at": at, "actor": actor, "reason": reason}
    deallocate(allocation, step=FROM, **told)
    return allocate(receipt, invoice, step=TO, **told)


def release_receipt(
    receipt: Receipt, *, on: date, at: datetime, actor: User | None, reason: str, checker: User | None = None,
    approval: Approval | None = None,
) -> int:
    """Take all back that a receipt pays, exactly; how many entries. Its line is locked."""
    return statements.run(
        "receipts/release", receipt=receipt.pk, on=on, at=at, reason=reason,
        **_who(actor=actor, checker=checker, approval=approval),
    )


def _who(*, actor: User | None, checker: User | None, approval: Approval | None) -> dict[str, int | None]:
    """Their keys, for a statement."""
    return {
        "actor": actor.pk if actor else None, "checker": checker.pk if checker else None,
        "approval": approval.pk if approval else None,
    }


def left_of(entry: CreditEntry) -> Decimal:
    """What of an entry was not reversed yet."""
    return entry.amount - sum(entry.reversals.values_list("amount", flat=True), Decimal(0))


# --- what entries by hand share

def lock_line_of(receipt: Receipt) -> CreditLine:
    """Lock the line that a receipt is matched to. AllocationError where it is not, or became another's."""
    if receipt.line_id is not None:
        line = lock_line(receipt.line_id)
        there = Receipt.objects.select_for_update(no_key=True).get(pk=receipt.pk)
        if there.line_id == line.pk and there.state == Receipt.State.MATCHED:
            return line
    raise AllocationError(_("The receipt is not matched to this credit line (any more)."))


def owe_again(line: CreditLine, *, on: date, at: datetime, actor: User | None) -> None:
    """Before something of a line is owed again: a closed one is taken up, as if its card were over, with no limit left.

    It closes when it is paid again; a newer line of the firm stays what it is. The line is locked.
    """
    if line.state != CreditLine.State.CLOSED:
        return
    line.state, line.closed_on, line.lapsed_on = CreditLine.State.LAPSED, None, line.lapsed_on or on
    reason = _("It was closed and is owed on again: nobody gets the old limit back without a decision.")
    with because(reason, actor=actor):
        line.save(update_fields=["state", "closed_on", "lapsed_on"])
        end_limit(line, on=on, at=at, actor=actor, reason=reason)


def refuse_more(amount: Decimal, there: Decimal, of: str) -> None:
    """Raises AllocationError where nothing is asked for, or more than there is, or parts of a fen."""
    if amount <= 0 or amount != round(amount, 2):
        raise AllocationError(_("%(amount)s CNY is no amount to book.") % {"amount": amount})
    if amount > there:
        words = _("%(amount)s CNY is more than is %(of)s: %(there)s CNY.")
        raise AllocationError(words % {"amount": money(amount), "of": of, "there": money(there)})


def by_hand(key: str, step: str = "") -> str:
    """A key that somebody gave, as it stands in the ledger, apart from those we make. ReservedKeyError."""
    if not key.strip() or len(key) > KEY:
        raise ReservedKeyError(key)
    return f"hand:{key}{step}"


def first_result(
    line: CreditLine, kind: str, key: str, amount: Decimal | None, *, step: str = "", **facts: int | None
) -> CreditEntry | None:
    """What was booked under the key before; `amount` None: whatever came of it. Raises KeyConflictError."""
    first = CreditEntry.objects.filter(member=line.member_id, key=by_hand(key, step)).first()
    if first is None:
        return None
    same = all(getattr(first, name) == fact for name, fact in facts.items())
    if (first.line_id, first.kind) != (line.pk, kind) or not same or amount not in (None, first.amount):
        raise KeyConflictError(key)
    return first


def book(
    line: CreditLine, kind: str, amount: Decimal, *, key: str, on: date, at: datetime, actor: User | None,
    reason: str = "", **facts: Any,
) -> CreditEntry:
    """Write an entry; the ledger's trigger moves the sums. The line is locked."""
    debit, credit = CreditEntry.ACCOUNTS[Kind(kind)]
    return CreditEntry.objects.create(
        member_id=line.member_id, line=line, key=key, kind=kind, debit=debit, credit=credit, amount=amount, on=on,
        at=at, actor=actor, reason=reason[:200], **facts,
    )

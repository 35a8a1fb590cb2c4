"""Payments: what gateways answered, written down; asking again; attempts by the plan's days and by hand.

Every step is one of three: an intent is committed, the gateway is called outside any transaction, its answers are
committed. Whatever dies in between, the payment is open, and `ask_about` finds out what became of it. The gateway
knows each attempt by one key, so that sending it again charges nothing.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime
from json import dumps
from typing import NamedTuple

import structlog
from django.db import transaction
from django.utils.translation import gettext as _

from memberships.dates import business_date
from memberships.errors import PaymentMethodError, PaymentStateError
from memberships.gateways import Answer, Outcome
from memberships.models import Member, Payment, PaymentMethod, Subscription
from memberships.services import statements
from memberships.services.charges import PATIENCE, WantedCharge, charge_all, refuse_transaction
from memberships.services.members import lock_member
from memberships.services.ranges import EVERYTHING, KeyRange, SizedRange, find_ranges, mark_items
from memberships.signals import subscription_renewed, subscription_started
from operations.audit import because
from operations.models import JobRun, User
from operations.proofs import demand_proof

log = structlog.get_logger(__name__)
#: Open payments that are asked about at a time, between the nights.
ASKED_AT_A_TIME = 500


class Taken(NamedTuple):
    """An answer that was written down, and whether it added a term to the card."""

    payment: int
    attempt: int
    has_term: bool


# --- answers -----------------------------------------------------------------------------------------------


@transaction.atomic
def record_answers(
    answers: Sequence[Answer], *, on: date, at: datetime, actor: User | None = None
) -> list[Taken]:
    """Write down what gateways answered to charges; returns what was new.

    Repeated and late answers change nothing, with one exception: money that a gateway took although its earlier
    answer said otherwise. A declined payment then succeeds; what cannot be mended is noted for people to see.
    Locks the members of the payments in key order.
    """
    if not answers:
        return []
    statements.rows("payments/lock_members", payments=dumps([attempt_of(answer)[0] for answer in answers]))
    # What the gateway never got was sent (again) in the same breath: the answer to that comes second.
    absent = {answer.key: answer for answer in answers if answer.outcome is Outcome.ABSENT}
    heard = {answer.key: answer for answer in answers if answer.outcome is not Outcome.ABSENT}
    taken = [
        *_record(absent.values(), on=on, at=at, actor=actor),
        *_record(heard.values(), on=on, at=at, actor=actor),
    ]
    known = {f"{payment}-{attempt}" for payment, attempt, _has_term in taken}
    paid = [heard[key] for key in heard.keys() - known if heard[key].outcome is Outcome.SUCCEEDED]
    return [*taken, *_record_contradictions(paid, on=on, at=at, actor=actor)]


def attempt_of(answer: Answer) -> tuple[int, int]:
    """The payment and the attempt that an answer is about (see Payment.attempt_key)."""
    payment, _dash, attempt = answer.key.partition("-")
    return int(payment), int(attempt)


def _record(answers: Collection[Answer], *, on: date, at: datetime, actor: User | None) -> list[Taken]:
    """The set-based part, for one answer to each attempt."""
    if not answers:
        return []
    found = statements.rows(
        "payments/record_answers", on=on, at=at, actor=actor and actor.pk, answers=_as_json(answers)
    )
    return [Taken(*row) for row in found]


def _as_json(answers: Iterable[Answer]) -> str:
    """Answers as the statements read them."""
    return dumps([
        {
            "payment": payment, "attempt": attempt, "outcome": answer.outcome, "code": as_text(answer.code, 64),
            "reference": as_text(answer.reference, 64), "message": as_text(answer.message, 200),
        }
        for answer in answers
        for payment, attempt in [attempt_of(answer)]
    ])


def as_text(words: str, most: int) -> str:
    """A gateway's words as a row can hold them: cut, without NUL and half characters, which PostgreSQL refuses."""
    return words[:most].replace("\0", "").encode(errors="replace").decode() if words else ""


def _record_contradictions(
    paid: Sequence[Answer], *, on: date, at: datetime, actor: User | None
) -> list[Taken]:
    """Money taken that our payment does not know of: take the gateway's word where we can, else say so."""
    settled = dict(
        Payment.objects.filter(
            pk__in=[attempt_of(answer)[0] for answer in paid], state=Payment.State.SUCCEEDED
        ).values_list("pk", "attempt")
    )
    paid = [answer for answer in paid if settled.get(attempt_of(answer)[0]) != attempt_of(answer)[1]]
    if not paid:
        return []
    statements.run("payments/reopen", at=at, answers=_as_json(paid))
    taken = _record(paid, on=on, at=at, actor=actor)
    noted = statements.rows(
        "payments/note_contradictions", on=on, at=at, actor=actor and actor.pk, answers=_as_json(paid)
    )
    for payment, attempt in noted:
        log.error("payment_contradicted", payment=payment, attempt=attempt)
    return taken


def charge_now(wanted: WantedCharge, *, on: date, at: datetime, actor: User | None) -> Payment:
    """Make the calls of one committed attempt and write the answers down; returns the payment as it is then.

    UNKNOWN is an answer like any other: the payment stays open and is asked about until the gateway knows.
    """
    for answers in charge_all([wanted], in_lane=False):
        with transaction.atomic(), because(actor=actor):
            for taken in record_answers(answers, on=on, at=at, actor=actor):
                if taken.has_term:
                    _tell(taken.payment, on=on, actor=actor)
    return Payment.objects.get(pk=wanted.payment)


def _tell(payment_id: int, *, on: date, actor: User | None) -> None:
    """Send the signal of a paid term."""
    payment = Payment.objects.select_related("subscription", "term").get(pk=payment_id)
    signal = subscription_started if payment.purpose == Payment.Purpose.START else subscription_renewed
    signal.send(Subscription, subscription=payment.subscription, term=payment.term, on=on, actor=actor)


def wanted_charges(found: Iterable[tuple[object, ...]], *, was_sent: bool) -> list[WantedCharge]:
    """The rows of an intent (payment, attempt, gateway, token, amount, description) as charges.

    Those that may have been sent before say at last whether they are still wanted.
    """
    return [
        WantedCharge(*row[:6], was_sent, was_sent and not row[6])  # type: ignore[arg-type, call-arg]
        for row in found
    ]


# --- asking again ------------------------------------------------------------------------------------------


def open_ranges(*, at: datetime, size: int) -> list[SizedRange]:
    """Ranges of ids with `size` open payments each about which it is time to ask."""
    return find_ranges("payments/open_ranges", size=size, at=at)


def foresee_questions(run: JobRun, keys: KeyRange) -> int:
    """Write a RunItem for each open payment of a range that would be asked about; how many."""
    return statements.run("payments/foresee_questions", run=run.pk, at=run.requested_at, **keys._asdict())


@transaction.atomic
def take_open_payments(
    keys: KeyRange, *, at: datetime, most: int | None = None, approved: JobRun | None = None
) -> list[WantedCharge]:
    """Open payments to ask about now; nobody else asks about them for a while. Waits for nobody."""
    found = statements.rows(
        "payments/ask", at=at, today=business_date(at), patience=PATIENCE, most=most,
        approved=approved and approved.pk, **keys._asdict(),
    )
    # Items below zero are refunds (services/refunds.py).
    mark_items(approved, KeyRange(max(keys.first, 1), keys.last), done=[row[0] for row in found])
    return wanted_charges(found, was_sent=True)


def ask_about_open_payments(*, on: date, at: datetime) -> int:
    """Ask the gateways about open payments whose time has come, some at a time; how many. Costs little when none are.

    A charge that the gateway never got is sent again under the same key, never under another, while the term can still
    be used; else the payment is declined.
    """
    refuse_transaction()
    wanted = take_open_payments(EVERYTHING, at=at, most=ASKED_AT_A_TIME)
    for answers in charge_all(wanted, in_lane=False):
        with transaction.atomic(), because(_("asked again")):
            record_answers(answers, on=on, at=at)
    return len(wanted)


# --- trying again ------------------------------------------------------------------------------------------


def retry_ranges(*, on: date, size: int) -> list[SizedRange]:
    """Ranges of ids with `size` payments to be tried again each."""
    return find_ranges("payments/retry_ranges", size=size, on=on, **EVERYTHING._asdict())


def foresee_retries(run: JobRun, keys: KeyRange) -> int:
    """Write a RunItem for each payment of a range that would be tried again; how many."""
    return statements.run("payments/foresee_retries", run=run.pk, on=run.business_date, **keys._asdict())


@transaction.atomic
def request_retries(
    keys: KeyRange, *, on: date, at: datetime, actor: User | None, approved: JobRun | None = None,
    since: datetime,
) -> list[WantedCharge]:
    """Begin the next attempt of a range's payments that are to be tried again; returns what to ask of whom.

    Attempts that were begun since `since` and have no answer yet come along, to be asked about first: a repeat after
    a crash. Of an approved dry run, only what it lists and finds as it was. Locks the members in key order.
    """
    is_open = statements.rows(
        "payments/retried_still_open", since=since, today=business_date(at), approved=approved and approved.pk,
        **keys._asdict(),
    )
    range_ = {"on": on, "by_hand": False, "method": None, **keys._asdict()}
    statements.rows("payments/retry_lock_members", **range_)
    begun = statements.rows(
        "payments/retry", at=at, patience=PATIENCE, actor=actor and actor.pk, reason="",
        today=business_date(at), approved=approved and approved.pk, **range_,
    )
    mark_items(approved, keys, done=[row[0] for row in begun])
    return [*wanted_charges(begun, was_sent=False), *wanted_charges(is_open, was_sent=True)]


def count_open(keys: KeyRange, **conditions: object) -> int:
    """How many payments of a range, of those that meet the conditions, have no answer yet."""
    return Payment.objects.open().filter(pk__gte=keys.first, pk__lte=keys.last, **conditions).count()


def retry_payment(
    payment: Payment, *, on: date, at: datetime, actor: User | None, reason: str = "",
    method: PaymentMethod | None = None,
) -> Payment:
    """Try a declined payment once more, softly or hard declined, by another agreement of the member if one is named.

    Outside any transaction. Returns the payment as the gateway answered; an open one is returned as it is.
    Raises PaymentStateError, PaymentMethodError.
    """
    refuse_transaction()
    demand_proof(at=at)
    with transaction.atomic(), because(reason, actor=actor):
        member = lock_member(payment.member_id)
        payment = Payment.objects.get(pk=payment.pk)
        if payment.state in (Payment.State.REQUESTED, Payment.State.UNKNOWN):
            return payment
        if method is not None:
            check_method(member, method)
        found = statements.rows(
            "payments/retry", on=on, at=at, patience=PATIENCE, by_hand=True, method=method and method.pk,
            actor=actor and actor.pk, reason=reason[:200], today=business_date(at), approved=None,
            first=payment.pk, last=payment.pk,
        )
        if not found:
            raise _not_retried(payment, on=on)
    return charge_now(wanted_charges(found, was_sent=False)[0], on=on, at=at, actor=actor)


def check_method(member: Member, method: PaymentMethod) -> None:
    """PaymentMethodError when it is another member's or was removed."""
    if not PaymentMethod.objects.filter(pk=method.pk, member=member, removed_on=None).exists():
        raise PaymentMethodError(
            _("“%(method)s” is no payment method of member %(member)s, or was removed.")
            % {"method": method, "member": member}
        )


def _not_retried(payment: Payment, *, on: date) -> PaymentStateError:
    """Why a payment is not tried again, in words."""
    if payment.state != Payment.State.DECLINED:
        return PaymentStateError(
            _("The payment is “%(state)s”: only a declined one is tried again.")
            % {"state": payment.get_state_display()}
        )
    return PaymentStateError(
        _("The payment cannot be tried again on %(on)s: its card has ended, is beyond its days of grace or about to be "
          "refunded, its member is closed, or there is no payment method to charge.") % {"on": on}
    )


"""Telling partners of status matches: claimed, sent outside any transaction, and their answers written down.

As commands are: behind the same circuit breaker, and given up after as many attempts (PARTNER_ATTEMPTS); what was given
up is a dead letter.
"""

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from random import uniform

from django.conf import settings
from django.db import transaction

from memberships.models import MemberReference
from operations.dates import business_date
from operations.owners import number_of
from operations.services.holds import holding
from partners.connectors.base import Outcome
from partners.connectors.status import Command, MatchAnswer, MatchOrder, StatusConnector
from partners.models import Partner, StatusMatch
from partners.services import breakers
from partners.services.breakers import Passage
from partners.services.calls import call_each, find_line, pace_of
from partners.services.status_matches import note_partners_word

Clock = Callable[[], datetime]
#: So many are claimed at a time; a claim is given up after so long.
CLAIM, LEASE = 200, timedelta(minutes=10)
FIRST_PAUSE, LONGEST_PAUSE = 5.0, 3600.0
#: What the partner accepted, it tells of; it is asked about all the same.
ACCEPTED_PAUSE = timedelta(hours=1)


def send_due(*, clock: Clock) -> int:
    """Send what is due to all partners; how many answers came. One worker at a time speaks to a partner of status."""
    due = StatusMatch.objects.filter(next_attempt_at__lte=clock()).values_list("partner", flat=True).distinct()
    count = 0
    for partner in Partner.objects.filter(pk__in=list(due)).order_by("pk"):
        # The partner's limits hold for its orders and its matches together.
        with holding(f"partner:{partner.code}") as is_free:
            if is_free:
                count += _send(partner, clock=clock)
    return count


def _send(partner: Partner, *, clock: Clock) -> int:
    line, allowed = find_line(partner, at=clock()), breakers.passage(partner, at=clock())
    if line is None or allowed is Passage.NOTHING:
        return 0
    orders = _claim(partner, at=clock(), most=1 if allowed is Passage.ONE else CLAIM)
    if orders and allowed is Passage.ONE:
        breakers.begin_trial(partner, at=clock())
    connector = StatusConnector(line, pace=pace_of(partner))
    count = 0
    for answers in call_each(partner, connector, orders, tell=StatusConnector.settle, not_sent=_not_sent):
        were_made = [answer.was_reached for answer in answers if answer.outcome is not Outcome.NOT_SENT]
        at = clock()
        breakers.note_calls(partner, were_made, at=at)
        record(answers, on=business_date(at), at=at)
        count += len(were_made)
    return count


def _not_sent(order: MatchOrder) -> MatchAnswer:
    return MatchAnswer(order.match, order.command, Outcome.NOT_SENT, was_reached=False)


@transaction.atomic
def _claim(partner: Partner, *, at: datetime, most: int) -> list[MatchOrder]:
    """Matches to be made or ended at the partner; their attempt is committed before they are sent."""
    due = StatusMatch.objects.select_for_update(skip_locked=True, of=("self",)).filter(
        partner=partner, next_attempt_at__lte=at
    )
    matches = list(due.select_related("rule").order_by("next_attempt_at", "pk")[:most])
    references = dict(
        MemberReference.objects.filter(source=partner.code, member__in=[match.member_id for match in matches])
        .values_list("member", "external_id")
    )
    orders = [_order(match, references.get(match.member_id, "")) for match in matches]
    for match in matches:
        match.attempts, match.next_attempt_at = match.attempts + 1, at + LEASE
    StatusMatch.objects.bulk_update(matches, ["attempts", "next_attempt_at"])
    return orders


def _command(match: StatusMatch) -> Command:
    return "end" if match.state == StatusMatch.State.REVOKED else "match"


def _order(match: StatusMatch, reference: str) -> MatchOrder:
    return MatchOrder(
        match.pk, _command(match), match.attempts > 0, match.key,
        reference or number_of(match.member_id), match.rule.partner_tier, match.valid_from, match.valid_until,
        match.ended_on or match.valid_until, match.evidence, match.reason,
    )


def record(answers: Sequence[MatchAnswer], *, on: date, at: datetime) -> None:
    """Write down what partners answered; what is not known yet is asked about after a pause that grows."""
    for answer in answers:
        with transaction.atomic():
            match = StatusMatch.objects.select_for_update().get(pk=answer.match)
            if answer.outcome == Outcome.DONE:
                state = "ended" if answer.command == "end" else answer.state
                note_partners_word(match, state, number=answer.number, on=on, at=at)
            elif answer.outcome == Outcome.FAILED:
                # An end that is refused has nothing to end.
                state = "ended" if answer.command == "end" else "failed"
                note_partners_word(match, state, number=answer.number, error=answer.error, on=on, at=at)
            else:
                _put_off(match, answer, at=at)


def _put_off(match: StatusMatch, answer: MatchAnswer, *, at: datetime) -> None:
    """Ask again later, or no more: unless the partner told of it meanwhile, or something else is wanted by now."""
    if match.next_attempt_at is None or answer.command != _command(match):
        return
    match.error, match.next_attempt_at = answer.error[:200], at + _pause(match, answer)
    if answer.outcome == Outcome.ACCEPTED:
        match.attempts = 1
    elif answer.outcome in (Outcome.LATER, Outcome.NOT_SENT):
        match.attempts = max(match.attempts - 1, 0)
    elif match.attempts >= settings.PARTNER_ATTEMPTS:
        match.dead_at, match.next_attempt_at = at, None
    match.save(update_fields=["attempts", "error", "next_attempt_at", "dead_at"])


def _pause(match: StatusMatch, answer: MatchAnswer) -> timedelta:
    """None for what was not sent: the breaker says when."""
    if answer.outcome == Outcome.NOT_SENT:
        return timedelta(0)
    if answer.outcome == Outcome.ACCEPTED:
        return ACCEPTED_PAUSE
    if answer.retry_after is not None:
        return timedelta(seconds=answer.retry_after)
    pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(match.attempts, 12))
    return timedelta(seconds=pause * uniform(0.5, 1))  # nosec B311

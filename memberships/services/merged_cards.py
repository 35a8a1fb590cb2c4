"""A running card that goes with a merge: another one of the number that stays goes on with its terms; and back.

Payments and refunds are facts of their card and member, so the card itself cannot change hands. It ends on the day
before, and a card with the same first day, terms and agreement takes its place: it is due on the same day, and what
was used in a term counts in that term. Callers hold both members.
"""

from datetime import date, timedelta

from django.db.models import Max, Min, Q
from django.utils.translation import gettext as _

from memberships.models import MemberMerge, MergedCard, Payment, PaymentMethod, Subscription, Term
from memberships.signals import subscription_cancelled, subscription_started
from operations.merging import Change
from operations.models import User

DAY = timedelta(days=1)


def running_cards(member_id: int, *, on: date) -> list[Subscription]:
    """Asked for, paid for or in grace; cancelled with paid days to come."""
    runs = Q(ended_on=None) | Q(ended_on__gte=on, paid_until__gte=on)
    cards = Subscription.objects.filter(runs, member=member_id).select_related("plan__programme", "payment_method")
    return list(cards.order_by("pk"))


def why_it_stays(card: Subscription, survivor: int, *, on: date) -> str:
    """Why a card cannot go over to a member who has none that runs; blank: it can."""
    facts = {"plan": card.plan, "day": card.paid_until or "–", "programme": card.plan.programme}
    if card.paid_until is None or card.paid_until < on:
        return _("The card “%(plan)s” under the number that would end is not paid for that day: have it paid or "
                 "cancelled first, or merge the other way round.") % facts
    if Payment.objects.filter(subscription=card, starts_on__gt=card.paid_until).exclude(
        state=Payment.State.SUCCEEDED
    ).exists():
        return _("For the card “%(plan)s” under the number that would end the next term was asked for and not paid: "
                 "settle that first, or merge the other way round.") % facts
    span = card.terms.aggregate(first=Min("starts_on"), last=Max("ends_on"))
    if Term.objects.filter(
        member=survivor, programme=card.programme_id, ends_on__gte=span["first"], starts_on__lte=span["last"]
    ).exists():
        return _("The card “%(plan)s” runs until %(day)s under the number that would end, and the other one had a card "
                 "of “%(programme)s” in the same days: merge the other way round.") % facts
    return ""


def endings(former: int, *, on: date) -> list[Change]:
    """The cards that others go on for end on the day before."""
    last = on - DAY
    return [
        Change(card, {"ended_on": last, "cancelled_on": card.cancelled_on and min(card.cancelled_on, last)})
        for card in running_cards(former, on=on)
    ]


def take_over(merge: MemberMerge, *, actor: User | None) -> None:
    """Let the member that stays have all running cards of the other one; what follows them begins on the spot."""
    for former in running_cards(merge.former_id, on=merge.on):
        card = Subscription.objects.create(
            member_id=merge.survivor_id, programme_id=former.programme_id, plan_id=former.plan_id,
            payment_method=_method(former, merge.survivor_id), requested_on=former.requested_on,
            started_on=former.started_on, cancelled_on=former.cancelled_on, ended_on=former.ended_on,
        )
        terms = Term.objects.bulk_create([
            Term(
                member_id=card.member_id, subscription=card, programme_id=card.programme_id, plan_id=term.plan_id,
                number=term.number, starts_on=term.starts_on, ends_on=term.ends_on,
            )
            for term in former.terms.order_by("number")
        ])
        MergedCard.objects.create(merge=merge, former=former, card=card, terms=len(terms))
        card.refresh_from_db()
        subscription_started.send(Subscription, subscription=card, term=terms[0], on=merge.on, actor=actor)


def cards_taken_over(merge: MemberMerge) -> list[Subscription]:
    """The cards that go on for others."""
    return list(Subscription.objects.filter(merged_card__merge=merge).select_related("plan").order_by("pk"))


def paid_for_since(merge: MemberMerge) -> list[str]:
    """The cards that cannot go back, since a payment was asked for, a sentence each."""
    words = _("For the card “%(plan)s” that came with the merge a payment was asked for since: it stays.")
    asked = set(Payment.objects.filter(subscription__merged_card__merge=merge).values_list("subscription", flat=True))
    return [words % {"plan": card.plan} for card in cards_taken_over(merge) if card.pk in asked]


def give_back_cards(merge: MemberMerge, *, on: date, actor: User | None) -> None:
    """End the cards that went on for others, and take their terms off: the others run again."""
    for card in cards_taken_over(merge):
        card.terms.all().delete()
        card.refresh_from_db()
        card.started_on, card.cancelled_on, card.ended_on = None, on, on
        card.save(update_fields=["started_on", "cancelled_on", "ended_on"])
        subscription_cancelled.send(Subscription, subscription=card, on=on, actor=actor)


def _method(card: Subscription, survivor: int) -> PaymentMethod | None:
    """The same agreement; where the member that stays has it as well, that one."""
    method = card.payment_method
    if method is None:
        return None
    same = PaymentMethod.objects.filter(
        member=survivor, gateway=method.gateway, token=method.token, removed_on=None
    ).first()
    return same or method


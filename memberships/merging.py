"""What memberships have of two records that become one: open money bars it; cards, contacts and points move."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from django.db.models import Model, Sum
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from memberships.closing import OPEN_PAYMENTS, OPEN_REFUNDS
from memberships.models import (
    CreditRequest,
    Enrolment,
    EnterpriseCustomer,
    Member,
    MemberContact,
    MemberMerge,
    MemberReference,
    MergeMove,
    Payment,
    PaymentMethod,
    PointsLot,
    Refund,
    Subscription,
    TierStanding,
)
from memberships.services.enrolments import enrol_member, is_open_to
from memberships.services.merged_cards import (
    cards_taken_over,
    endings,
    give_back_cards,
    paid_for_since,
    running_cards,
    take_over,
    why_it_stays,
)
from memberships.services.points_booking import lock_wallets
from memberships.services.points_transfers import (
    count_elsewhere,
    lots_of_transfer,
    pairs_of,
    transfer_back,
    transfer_points,
    transferred_lots,
)
from operations.merging import Change, Conflict, MergePart, Merging, Moving
from operations.models import User

#: What of a card that came has to be the same still when it goes back.
CARD = ("plan_id", "paid_until", "cancelled_on", "lapsed_on", "refunded_on", "ended_on")
#: Of a choice: what is taken over.
FORMER = "former"


class MembershipMergePart(MergePart):
    """Cards, contacts, agreements, numbers elsewhere, points; payments stay."""

    name = "memberships"
    moves = (
        gettext_lazy("Of the contact, the fields chosen; further contacts."),
        gettext_lazy("A card that is paid for, in a programme in which the record that stays has none: its terms, its "
                     "agreement and its next payment. What was paid for it stays under the number that ends."),
        gettext_lazy("Payment agreements, and the numbers by which other systems know the member, where the record "
                     "that stays has none of that system."),
        gettext_lazy("Points that can be spent, lot by lot with their days, by entries of the ledger; qualifying "
                     "points count on their days for the tier of the record that stays."),
    )
    stays = (
        gettext_lazy("Cards that are over, payments, orders, points entries and case notes, under the number that "
                     "ends: they are shown with the record that stays, and every search for either number finds both."),
        gettext_lazy("A firm's legal name and credit code, of either record."),
    )

    def lock(self, former: int, survivor: int, *, on: date) -> None:
        lock_wallets(Enrolment.objects.filter(member__in=(former, survivor)).values_list("pk", flat=True), on=on)

    def conflicts(self, former: int, survivor: int, *, on: date) -> list[Conflict]:
        return [
            *_cards(former, survivor, on=on), *_money(former), *_points(former, survivor), *_tiers(former, survivor),
            *_firms(former, survivor),
        ]

    def listed(self, former: int, survivor: int) -> list[Moving]:
        wallets = Enrolment.objects.filter(member=former)
        lots = PointsLot.objects.filter(enrolment__in=wallets, remaining__gt=0, pending_until=None).unexpired()
        return [
            Moving(_("Points"), wallets.aggregate(points=Sum("balance", default=0))["points"]),
            Moving(_("Lots of points"), lots.count()),
            Moving(_("Cards"), Subscription.objects.live().filter(member=former).count()),
            Moving(_("Payment methods"), len(_methods(former, survivor))),
            Moving(_("Numbers in other systems"), len(_references(former, survivor))),
            Moving(_("Further contacts"), len(_further(former, survivor))),
        ]

    def changes(self, merging: Merging) -> list[Change]:
        former, survivor = merging.former, merging.survivor
        moving: list[Model] = [
            *_methods(former, survivor), *_references(former, survivor), *_further(former, survivor)
        ]
        return [
            *_contact(merging), *(Change(row, {"member_id": survivor}) for row in moving),
            *_external_id(former, survivor), *endings(former, on=merging.on),
        ]

    def watched(self, merging: Merging) -> list[tuple[Model, Sequence[str]]]:
        wallets = Enrolment.objects.filter(member__in=(merging.former, merging.survivor)).order_by("pk")
        return [(wallet, ("idle_on",)) for wallet in wallets]

    def kept(self, merging: Merging) -> list[tuple[Model, Sequence[str]]]:
        return [(card, CARD) for card in cards_taken_over(_merge(merging))]

    def carry(self, merging: Merging) -> None:
        survivor = Member.objects.get(pk=merging.survivor)
        for wallet in Enrolment.objects.filter(member=merging.former).select_related("programme").order_by("pk"):
            enrol_member(
                survivor, wallet.programme, scope=wallet.scope, on=merging.on, at=merging.at, actor=merging.actor
            )
        pairs = pairs_of(merging.former, merging.survivor)
        reason = _numbers(merging)
        transfer_points(pairs, key=merging.key, on=merging.on, at=merging.at, actor=merging.actor, reason=reason)
        count_elsewhere(pairs, key=merging.key, at=merging.at, actor=merging.actor, reason=reason)
        take_over(_merge(merging), actor=merging.actor)

    def hindrances(self, merging: Merging) -> list[str]:
        return [*_spent(merging), *_charged(merging), *paid_for_since(_merge(merging))]

    def carry_back(self, merging: Merging, *, on: date, at: datetime, actor: User | None) -> None:
        pairs = pairs_of(merging.former, merging.survivor)
        back = {theirs: ours for ours, theirs in pairs.items()}
        transfer_back(
            merging.survivor, back, key=merging.key, on=on, at=at, actor=actor, reason=_numbers(merging)
        )
        give_back_cards(_merge(merging), on=on, actor=actor)


def _merge(merging: Merging) -> MemberMerge:
    return MemberMerge.objects.in_force().get(former=merging.former)


def _numbers(merging: Merging) -> str:
    """The reason of the entries: which number went where."""
    return f"{Member(pk=merging.former).number} → {Member(pk=merging.survivor).number}"


# --- what contradicts


def _cards(former: int, survivor: int, *, on: date) -> list[Conflict]:
    """A member has one card of a programme: of two, somebody has to say which."""
    kept = {card.programme_id: card for card in running_cards(survivor, on=on)}
    found = []
    for card in running_cards(former, on=on):
        if other := kept.get(card.programme_id):
            words = _("Both have a card of “%(programme)s”: “%(plan)s” until %(day)s ends with the number, “%(other)s” "
                      "runs until %(until)s. Cancel and refund one first.")
            found.append(Conflict(words % {
                "programme": card.plan.programme, "plan": card.plan, "day": card.paid_until or "–",
                "other": other.plan, "until": other.paid_until or "–",
            }))
        elif words := why_it_stays(card, survivor, on=on):
            found.append(Conflict(words))
    return found


def _money(former: int) -> list[Conflict]:
    found = []
    payments = Payment.objects.filter(member=former, state__in=OPEN_PAYMENTS)
    if count := payments.count():
        amount = payments.aggregate(total=Sum("amount"))["total"]
        words = _("%(count)s payments of %(amount)s CNY are owed or under way: wait for them, or merge the other way "
                  "round.")
        found.append(Conflict(words % {"count": count, "amount": f"{amount:,}"}))
    refunds = Refund.objects.filter(member=former, state__in=OPEN_REFUNDS)
    if count := refunds.count():
        amount = refunds.aggregate(total=Sum("amount"))["total"]
        words = _("%(count)s refunds of %(amount)s CNY are under way: wait for them.")
        found.append(Conflict(words % {"count": count, "amount": f"{amount:,}"}))
    if CreditRequest.objects.filter(member=former, state=CreditRequest.State.OPEN).exists():
        found.append(Conflict(_("A credit request of the number that would end is open: decide it first.")))
    return found


def _points(former: int, survivor: int) -> list[Conflict]:
    found = []
    wallets = Enrolment.objects.filter(member=former).select_related("programme").order_by("pk")
    known = set(Enrolment.objects.filter(member=survivor).values_list("programme", "scope"))
    for wallet in wallets:
        facts = {"programme": wallet.programme, "pending": number_format(wallet.pending),
                 "debt": number_format(wallet.debt)}
        if wallet.pending:
            words = _("In “%(programme)s” %(pending)s points are pending: wait until they are posted.")
            found.append(Conflict(words % facts))
        if wallet.debt:
            words = _("In “%(programme)s” %(debt)s points are owed: settle them first.")
            found.append(Conflict(words % facts))
        is_known = (wallet.programme_id, wallet.scope) in known
        if not is_known and not is_open_to(wallet.programme, survivor):
            words = _("“%(programme)s” is not open to the record that stays: merge the other way round.")
            found.append(Conflict(words % facts))
    return found


def _tiers(former: int, survivor: int) -> list[Conflict]:
    """Tiers are decided by points: the higher one of the record that ends is not taken over as such."""
    standings = TierStanding.objects.filter(member__in=(former, survivor)).select_related("tier", "group")
    ranks = {each.group_id: each.tier.rank for each in standings if each.member_id == survivor}
    words = _("The record that ends stands on “%(tier)s” of “%(group)s”: its qualifying points count from the next "
              "evaluation on; a tier that was given by hand has to be given again.")
    return [
        Conflict(words % {"tier": each.tier, "group": each.group}, is_bar=False)
        for each in standings if each.member_id == former and each.tier.rank > ranks.get(each.group_id, -1)
    ]


def _firms(former: int, survivor: int) -> list[Conflict]:
    firms = EnterpriseCustomer.objects.in_bulk([former, survivor])
    if len(firms) < 2:
        return []
    words = _("The credit codes differ: %(former)s (%(name)s) ends, %(survivor)s (%(other)s) stays. Make sure that "
              "this is one firm.")
    return [Conflict(words % {
        "former": firms[former].credit_code, "name": firms[former].legal_name,
        "survivor": firms[survivor].credit_code, "other": firms[survivor].legal_name,
    }, is_bar=False)]


# --- what moves


def _methods(former: int, survivor: int) -> list[PaymentMethod]:
    """Agreements in force that the other has not."""
    known = set(PaymentMethod.objects.filter(member=survivor).values_list("gateway", "token"))
    methods = PaymentMethod.objects.filter(member=former, removed_on=None).order_by("pk")
    return [method for method in methods if (method.gateway, method.token) not in known]


def _references(former: int, survivor: int) -> list[MemberReference]:
    """Numbers in systems in which the other has none."""
    known = MemberReference.objects.filter(member=survivor).values("source")
    return list(MemberReference.objects.filter(member=former).exclude(source__in=known).order_by("pk"))


def _further(former: int, survivor: int) -> list[MemberContact]:
    """All contacts but the primary one; that one, too, where the other has none."""
    contacts = MemberContact.objects.filter(member=former).order_by("pk")
    if MemberContact.objects.filter(member=survivor, is_primary=True).exists():
        contacts = contacts.filter(is_primary=False)
    return list(contacts)


def _contact(merging: Merging) -> Iterable[Change]:
    """The chosen fields of the primary contact."""
    contacts = {
        contact.member_id: contact
        for contact in MemberContact.objects.filter(member__in=(merging.former, merging.survivor), is_primary=True)
    }
    if len(contacts) < 2:
        return []
    theirs = contacts[merging.former]
    taken = {field: getattr(theirs, field) for field, whose in merging.choices.items() if whose == FORMER}
    return [Change(contacts[merging.survivor], taken)] if taken else []


def _external_id(former: int, survivor: int) -> list[Change]:
    """A firm's number in another system, where the other has none; it is unique, so it is given up first."""
    firms = EnterpriseCustomer.objects.in_bulk([former, survivor])
    if len(firms) < 2 or firms[survivor].external_id or not firms[former].external_id:
        return []
    number = firms[former].external_id
    return [Change(firms[former], {"external_id": None}), Change(firms[survivor], {"external_id": number})]


# --- what changed since


def _spent(merging: Merging) -> list[str]:
    """Points that came with the merge are not all there any more. What ended by its day would have ended anyway."""
    lots = transferred_lots(merging.survivor, key=merging.key)
    points = sum(lot.points for lot in lots)
    left = sum(lot.remaining for lot in lots_of_transfer(merging.survivor, key=merging.key))
    words = _("Of %(points)s points that came with the merge %(spent)s were spent or taken back since.")
    return [words % {"points": number_format(points), "spent": number_format(points - left)}] if left < points else []


def _charged(merging: Merging) -> list[str]:
    """Cards of the record that stays are charged by an agreement that came."""
    table = PaymentMethod._meta.label_lower
    moves = MergeMove.objects.filter(merge__former=merging.former, merge__undone_at=None, table=table)
    came = list(moves.values_list("row", flat=True))
    cards = Subscription.objects.live().filter(member=merging.survivor, payment_method__in=came).select_related("plan")
    cards = cards.exclude(merged_card__merge__former=merging.former)
    words = _("The card “%(plan)s” is renewed by an agreement that came with the merge: choose another one first.")
    return [words % {"plan": card.plan} for card in cards.order_by("pk")]

"""What memberships have of a member when an account is closed: cards and money that block it, contacts that go."""

from collections.abc import Sequence
from datetime import date, datetime
from functools import partial

from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import CharField, F, Q, Value
from django.db.models.functions import Cast, Coalesce, Concat, Greatest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from memberships.models import (
    CaseAttachment,
    CaseNote,
    CreditRequest,
    Enrolment,
    EnterpriseCustomer,
    MemberContact,
    MemberMerge,
    Payment,
    PaymentMethod,
    Refund,
    Subscription,
)
from memberships.models.adjustments import ACCOUNT_CLOSED
from memberships.services.merges import forget_moves
from memberships.services.points_adjustments import Adjustment, adjust_points_for_many
from operations.closing import ClosingPart, Wiped
from operations.models import ImportRow, User

OPEN_PAYMENTS = (Payment.State.REQUESTED, Payment.State.UNKNOWN, Payment.State.DECLINED)
OPEN_REFUNDS = (Refund.State.REQUESTED, Refund.State.UNKNOWN)


class MembershipPart(ClosingPart):
    """Cards, payments, points; contacts, notes and files."""

    name = "memberships"
    goes = (
        gettext_lazy("Names, mobiles and e-mail addresses of all contacts; a firm's remarks."),
        gettext_lazy("The texts of case notes, with the names and contents of their attachments."),
        gettext_lazy("How the member pays: the gateway's tokens, and what they are shown as."),
        gettext_lazy("Points that are left: they are given up, by entries of the ledger."),
        gettext_lazy("What imports kept to be undone, and uploaded files in which the member is found."),
    )
    stays = (
        gettext_lazy("The member number, cards, payments, points and orders, which name nobody."),
        gettext_lazy("A firm's legal name, credit code and place, which are on the public register."),
        gettext_lazy("Numbers by which other systems know the member, so that no import makes them anew."),
        gettext_lazy("The audit trail: masked, as it was written. Backups keep the data until they are overwritten."),
        gettext_lazy("Lists that somebody took away unmasked; where we keep the file, it goes within a day."),
    )

    def blocks(self, owner: int, *, on: date) -> list[str]:
        return [*_cards(owner, on=on), *_money(owner), *_points(owner), *_credit_requests(owner)]

    def erase(
        self, owners: Sequence[int], *, on: date, at: datetime, actor: User | None
    ) -> list[Wiped]:
        told = MemberContact.objects.filter(member__in=owners).exclude(name="", mobile="", email="")
        remarks = EnterpriseCustomer.objects.filter(pk__in=owners).exclude(remarks="")
        rows = ImportRow.objects.filter(object_id__in=owners, before__isnull=False, batch__importer__in=IMPORTERS)
        return [
            Wiped("wallets", _give_up_points(owners, on=on, at=at, actor=actor)),
            Wiped("contacts", told.update(name="", mobile="", email="")),
            Wiped("remarks", remarks.update(remarks="")),
            Wiped("payment_methods", _erase_methods(owners, on=on)),
            Wiped("import_rows", rows.update(before=None)),
            Wiped("merges", _forget_merges(owners)),
            *_erase_notes(owners, at=at),
        ]


#: Imports whose rows are members.
IMPORTERS = ("enterprise-customers", "members")
#: In the place of a token, with the key of its row behind it: no two of a member are the same.
ERASED = "erased-"


def _cards(owner: int, *, on: date) -> list[str]:
    """What runs, or was asked for; one that was cancelled runs until its last paid day."""
    runs = Q(ended_on=None) | Q(ended_on__gte=on, paid_until__gte=on)
    cards = Subscription.objects.filter(runs, member=owner).select_related("plan").order_by("pk")
    return [
        _("The card “%(plan)s” runs until %(day)s: it has to end first.") % {"plan": card.plan, "day": card.paid_until}
        if card.paid_until else _("The card “%(plan)s” was asked for: cancel it first.") % {"plan": card.plan}
        for card in cards
    ]


def _money(owner: int) -> list[str]:
    payments = Payment.objects.filter(member=owner, state__in=OPEN_PAYMENTS).count()
    refunds = Refund.objects.filter(member=owner, state__in=OPEN_REFUNDS).count()
    found = []
    if payments:
        found.append(_("%(count)s payments are owed or under way.") % {"count": payments})
    if refunds:
        found.append(_("%(count)s refunds are under way.") % {"count": refunds})
    return found


def _points(owner: int) -> list[str]:
    """What is in the wallet is given up; what is still to come, or owed, has to be settled first."""
    wallets = Enrolment.objects.filter(Q(pending__gt=0) | Q(debt__gt=0), member=owner)
    found = []
    for wallet in wallets.select_related("programme").order_by("pk"):
        if wallet.pending:
            words = _("In “%(programme)s” %(points)s points are pending.")
            found.append(words % {"programme": wallet.programme, "points": wallet.pending})
        if wallet.debt:
            words = _("In “%(programme)s” %(points)s points are owed.")
            found.append(words % {"programme": wallet.programme, "points": wallet.debt})
    return found


def _credit_requests(owner: int) -> list[str]:
    is_open = CreditRequest.objects.filter(member=owner, state=CreditRequest.State.OPEN).exists()
    return [_("A credit request is open.")] if is_open else []


def _give_up_points(owners: Sequence[int], *, on: date, at: datetime, actor: User | None) -> int:
    """What is left in the wallets, taken by entries of the ledger; how many wallets that were."""
    wallets = Enrolment.objects.filter(member__in=owners, balance__gt=0).order_by("pk")
    taken = [
        Adjustment(wallet.pk, -wallet.balance, f"closing:{wallet.pk}", ACCOUNT_CLOSED) for wallet in wallets
    ]
    return adjust_points_for_many(taken, on=on, at=at, actor=actor) if taken else 0


def _erase_methods(owners: Sequence[int], *, on: date) -> int:
    """Agreements end on that day, and nothing can be charged by them any more."""
    methods = PaymentMethod.objects.filter(member__in=owners).exclude(token__startswith=ERASED)
    return methods.update(
        token=Concat(Value(ERASED), Cast("pk", CharField())), label="",
        removed_on=Coalesce(F("removed_on"), Greatest(F("added_on"), Value(on))),
    )


def _forget_merges(owners: Sequence[int]) -> int:
    """What the journals of merges hold of them: those cannot be undone any more."""
    merges = MemberMerge.objects.filter(Q(former__in=owners) | Q(survivor__in=owners))
    return forget_moves(list(merges.values_list("pk", flat=True)))


def _erase_notes(owners: Sequence[int], *, at: datetime) -> list[Wiped]:
    """Texts and names at once; the files after the commit, and what a crash leaves of them by the night's sweep."""
    notes = CaseNote.objects.filter(member__in=owners, erased_at=None)
    attachments = CaseAttachment.objects.filter(note__member__in=owners, erased_at=None)
    files = list(attachments.values_list("file", flat=True))
    # Nobody is to look again at what is not there any more.
    notes.filter(follow_up_on__isnull=False, followed_up_at=None).update(followed_up_at=at)
    wiped = [
        Wiped("attachments", attachments.update(name="", erased_at=at)),
        Wiped("case_notes", notes.update(text="", is_pinned=False, erased_at=at)),
    ]
    for name in files:
        transaction.on_commit(partial(default_storage.delete, name))
    return wiped

"""What benefits have of two records that become one: uses of both count against one quota; what is held can be used."""

from collections.abc import Sequence
from datetime import date

from django.db.models import Count, Model, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from benefits.models import Benefit, Choice, Grant, Redemption, Usage
from benefits.models.grants import LIVE
from benefits.services.grants import GIVEN
from operations.merging import Conflict, MergePart, Merging, Moving


class BenefitsMergePart(MergePart):
    """Redemptions, what is held, choices."""

    name = "benefits"
    moves = (
        gettext_lazy("Uses of both records count against the quotas of the one that stays."),
        gettext_lazy("Coupons, gifts and codes that are held can be used by the record that stays, under their keys."),
    )
    stays = (gettext_lazy("Redemptions, what was used, choices and value statements, under the number that ends."),)

    def lock(self, former: int, survivor: int, *, on: date) -> None:
        # A use that is under way is counted, or is refused since the number has ended.
        list(Usage.objects.select_for_update(no_key=True).filter(member__in=(former, survivor)).order_by("pk"))

    def conflicts(self, former: int, survivor: int, *, on: date) -> list[Conflict]:
        return [*_given_again(former, on=on), *_uses(former, survivor, on=on), *_choices(former, survivor, on=on)]

    def listed(self, former: int, survivor: int) -> list[Moving]:
        return [Moving(_("Coupons and gifts held"), _held(former).count())]

    def kept(self, merging: Merging) -> list[tuple[Model, Sequence[str]]]:
        # What the record that stays used for an order is used: the other one cannot have it back.
        return [(grant, ("used_on", "order_number")) for grant in _held(merging.former).order_by("pk")]


def _held(former: int) -> QuerySet[Grant]:
    """Coupons and gifts; what follows a right by itself ends with it."""
    return Grant.objects.filter(GIVEN, member=former, state__in=LIVE)


def _given_again(former: int, *, on: date) -> list[Conflict]:
    """What came with a card by itself and was used: the card that goes on in its place would bring it again."""
    used = Grant.objects.filter(
        Q(subscription__ended_on=None) | Q(subscription__ended_on__gte=on), member=former, redemption=None,
        rule__isnull=False, right_ended_on=None, state__in=(Grant.State.USED, Grant.State.ENDED),
    ).select_related("benefit", "subscription").order_by("pk")
    words = _("“%(benefit)s” came with the card of the number that would end and was used up: merge the other way "
              "round, or after %(day)s.")
    return [
        Conflict(words % {"benefit": grant.benefit, "day": grant.subscription.paid_until})
        for grant in used if grant.subscription is not None
    ]


def _uses(former: int, survivor: int, *, on: date) -> list[Conflict]:
    """Benefits that both used in windows that run."""
    runs = (Q(window_from=None) | Q(window_from__lte=on)) & (Q(window_until=None) | Q(window_until__gt=on))
    uses = Redemption.objects.filter(runs, member__in=(former, survivor), state=Redemption.State.DONE)
    counted = list(uses.values("benefit").annotate(
        former=Count("pk", filter=Q(member=former)), survivor=Count("pk", filter=Q(member=survivor))
    ).filter(former__gt=0).order_by("benefit"))
    benefits = Benefit.objects.in_bulk([each["benefit"] for each in counted])
    words = _("“%(benefit)s” was used %(former)s times under the number that would end and %(survivor)s times under "
              "the other: both count against its quota.")
    return [
        Conflict(words % {
            "benefit": benefits[each["benefit"]], "former": each["former"], "survivor": each["survivor"],
        }, is_bar=False)
        for each in counted
    ]


def _choices(former: int, survivor: int, *, on: date) -> list[Conflict]:
    """What was chosen and used under the number that ends must not be chosen a second time."""
    runs = Q(window_from__lte=on) & (Q(window_until=None) | Q(window_until__gt=on))
    choices = Choice.objects.filter(runs, member__in=(former, survivor), swapped_on=None)
    choices = choices.select_related("group", "benefit").order_by("pk")
    kept = {choice.group_id: choice for choice in choices if choice.member_id == survivor}
    found = []
    for choice in choices:
        if choice.member_id != former:
            continue
        used = Redemption.objects.filter(
            member=former, benefit=choice.benefit_id, state=Redemption.State.DONE, on__gte=choice.window_from
        ).count()
        other = kept.get(choice.group_id)
        facts = {"group": choice.group, "benefit": choice.benefit, "count": used, "other": other and other.benefit,
                 "day": choice.window_until or "–"}
        if used:
            words = _("Of “%(group)s”, “%(benefit)s” was chosen and used %(count)s times under the number that would "
                      "end: merge the other way round, or after %(day)s.")
            found.append(Conflict(words % facts))
        elif other:
            words = _("Both chose of “%(group)s”: “%(other)s” holds, “%(benefit)s” was not used and ends.")
            found.append(Conflict(words % facts, is_bar=False))
    return found

"""What stories of fulfilments share: partners with keys and offers, grants of what they fulfil, and a working desk."""

from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any

from django.utils import timezone

from benefits.models import Benefit, Grant
from benefits.models.benefits import Kind
from memberships.models import Member, Programme
from partners.models import Command, Fulfilment, Offer, Partner, PartnerKey
from partners.sandbox.address import PartnerSecrets
from partners.services import commands
from partners.services.keys import enter_key
from tests.memberships.factories import a_person, jd_plus
from tests.partner import PartnersForTests

TODAY = date(2027, 1, 15)
NOON = datetime(2027, 1, 15, 4, tzinfo=UTC)
LONG_AGO = date(2020, 1, 1)
_numbers = count(1)


def a_partner(code: str = "iqiyi", *, at: PartnersForTests | None = None, **facts: Any) -> Partner:
    """A partner under contract; `at` the sandbox it has its address there, and shares its keys with us."""
    defaults = {"name": code, "contract_from": LONG_AGO, "timeout_seconds": 2}
    partner = Partner.objects.create(code=code, **{**defaults, **facts})
    if at is not None:
        address = at.server.address
        Partner.objects.filter(pk=partner.pk).update(api_url=address.url_of(code))
        partner.refresh_from_db()
        share_keys(partner, address.partners[code])
    return partner


def share_keys(partner: Partner, secrets: PartnerSecrets) -> None:
    """Both sides know both secrets, since long ago."""
    since = datetime(2020, 1, 1, tzinfo=UTC)
    enter_key(partner, PartnerKey.Direction.OURS, secrets.orders_secret, at=since, actor=None)
    enter_key(partner, PartnerKey.Direction.THEIRS, secrets.events_secret, at=since, actor=None)


def an_offer(partner: Partner, *, programme: Programme | None = None, **facts: Any) -> Offer:
    """What the partner fulfils of a new benefit, by its API unless said otherwise."""
    benefit = Benefit.objects.create(
        programme=programme or Programme.objects.first() or jd_plus(), code=f"video-{next(_numbers)}", name="视频会员",
        kind=Kind.PARTNER_SUBSCRIPTION,
    )
    defaults = {"sku": "vip-year", "mode": Offer.Mode.API, "unit_cost": "98.00", "starts_on": LONG_AGO}
    return Offer.objects.create(partner=partner, benefit=benefit, **{**defaults, **facts})


def a_grant(offer: Offer, *, member: Member | None = None, **facts: Any) -> Grant:
    """A member is given what the offer is of."""
    return give([offer], member=member, **facts)[0]


def give(offers: list[Offer], *, member: Member | None = None, **facts: Any) -> list[Grant]:
    """Grants in one statement, one of each offer."""
    member = member or a_person()
    defaults = {"valid_from": TODAY, "given_on": TODAY, "given_at": NOON}
    return Grant.objects.bulk_create(
        Grant(member=member, benefit=offer.benefit, key=f"right:{next(_numbers)}", **{**defaults, **facts})
        for offer in offers
    )


def fulfilment_of(grant: Grant) -> Fulfilment:
    return Fulfilment.objects.get(grant=grant)


def change(*grants: Grant, state: str, on: date = TODAY) -> None:
    """The right goes into grace, comes back, or ends: in one statement."""
    ended = {"ended_on": on} if state == Grant.State.ENDED else {}
    Grant.objects.filter(pk__in=[grant.pk for grant in grants]).update(state=state, **ended)


def commands_of(fulfilment: Fulfilment) -> list[tuple[str, str]]:
    """Kind and state of each, in order."""
    return list(Command.objects.filter(fulfilment=fulfilment).order_by("number").values_list("kind", "state"))


def work_off(partner: Partner, *, at: datetime | None = None) -> int:
    """What a worker does about a partner's due commands, long after everything was queued; the answers."""
    at = at or timezone.now() + timedelta(days=365 * 5)
    return commands.send_commands(partner, clock=lambda: at)


def states(partner: Partner) -> dict[str, str]:
    """By our number."""
    return dict(Fulfilment.objects.filter(partner=partner).values_list("key", "state"))



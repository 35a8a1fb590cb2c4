"""The standing cast of the partners' floor: a partner with keys, an offer of a benefit, and what the partner tells.

The API reads the machine's clock, so what is sent is signed at the true time; business dates are those of that day.
"""

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

from django.test import Client
from django.utils import timezone

from benefits.models import Benefit, BenefitRule, Grant
from benefits.models.benefits import Kind, Window
from memberships.models import Member, Programme
from operations.webhooks import sign
from partners.models import Command, Fulfilment, Offer, Partner, PartnerKey
from partners.services.keys import enter_key
from tests.memberships.factories import a_person, jd_plus

#: Since when the keys are valid, and the contracts.
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
CONTRACT_FROM = date(2020, 1, 1)
#: What the partners of the stories sign by, and what we do; each partner has its own.
OUR_SECRET, THEIR_SECRET = "whsec_b3VyIGtleSBvZiB0aGUgc3Rvcmllcywg{}", "whsec_dGhlaXIga2V5IG9mIHRoZSBzdG9yaWVz{}"

_numbers = count(1)


def secret_of(code: str, direction: str = PartnerKey.Direction.THEIRS) -> str:
    """The secret of a partner of the stories."""
    template = OUR_SECRET if direction == PartnerKey.Direction.OURS else THEIR_SECRET
    return template.format(code.encode().hex().ljust(8, "0")[:8])


def a_partner(code: str = "iqiyi", *, has_keys: bool = True, **facts: Any) -> Partner:
    """iQiyi, under contract since 2020, with a key of each direction."""
    defaults = {"name": f"{code}公司", "name_en": code.title(), "contract_from": CONTRACT_FROM}
    partner = Partner.objects.create(code=code, **{**defaults, **facts})
    if has_keys:
        for direction in PartnerKey.Direction.values:
            enter_key(partner, direction, secret_of(code, direction), at=LONG_AGO, actor=None)
    return partner


def a_benefit(programme: Programme | None = None, code: str = "iqiyi-vip", **facts: Any) -> Benefit:
    """A partner's subscription, of JD PLUS unless said otherwise."""
    defaults = {"name": f"{code}权益", "name_en": code, "kind": Kind.PARTNER_SUBSCRIPTION}
    return Benefit.objects.create(programme=programme or a_programme(), code=code, **{**defaults, **facts})


def a_programme() -> Programme:
    """JD PLUS, the one there is, or a new one."""
    return Programme.objects.filter(code="jd-plus").first() or jd_plus()


def a_rule(benefit: Benefit, code: str = "annual", **facts: Any) -> BenefitRule:
    """With the annual card, as often as one likes, given by itself."""
    defaults = {"plan_code": "annual", "window": Window.EVER, "is_automatic": True, "starts_on": CONTRACT_FROM}
    return BenefitRule.objects.create(benefit=benefit, code=code, **{**defaults, **facts})


def an_offer(partner: Partner, benefit: Benefit | None = None, **facts: Any) -> Offer:
    """What the partner fulfils of a benefit: by its API, for 12 CNY, postpaid, without an end."""
    defaults = {
        "sku": "vip-year", "mode": Offer.Mode.API, "unit_cost": Decimal("12.00"), "starts_on": CONTRACT_FROM,
    }
    return Offer.objects.create(
        partner=partner, benefit=benefit or a_benefit(code=f"{partner.code}-vip"), **{**defaults, **facts}
    )


def a_grant(benefit: Benefit, member: Member | None = None, *, on: date | None = None, **facts: Any) -> Grant:
    """Given to Li Lei, without an end; the floor's trigger makes the fulfilment where there is an offer."""
    now = timezone.now()
    day = on or now.date()
    defaults = {"key": f"gift:{next(_numbers)}", "valid_from": day, "given_on": day, "given_at": now}
    return Grant.objects.create(member=member or a_person(on=day), benefit=benefit, **{**defaults, **facts})


def a_fulfilment(partner: Partner, offer: Offer | None = None, member: Member | None = None) -> Fulfilment:
    """What the partner is asked to do for Li Lei: requested, and its first command waits to be sent."""
    offer = offer or partner.offers.first() or an_offer(partner)
    return Fulfilment.objects.select_related("offer", "partner").get(grant=a_grant(offer.benefit, member))


def its_command(fulfilment: Fulfilment) -> Command:
    """The newest command of a fulfilment."""
    command = fulfilment.commands.order_by("-number").first()
    assert command is not None
    return command


# --- what partners tell


def an_event(type: str, /, **data: Any) -> bytes:
    """The body of an event."""
    at = timezone.now().astimezone(UTC).isoformat().replace("+00:00", "Z")
    return json.dumps({"type": type, "timestamp": at, "data": data}, ensure_ascii=False).encode()


def told_of(fulfilment: Fulfilment, state: str, /, *, sequence: int, **data: Any) -> bytes:
    """`fulfilment.<state>`, as the sandbox partners tell it."""
    command = its_command(fulfilment)
    said = {
        "order": fulfilment.key, "reference": "IQ0000000001", "command": f"{fulfilment.key}.{command.number}",
        "state": state, "sequence": sequence, "reason": "", "at": timezone.now().isoformat(), **data,
    }
    return an_event(f"fulfilment.{state}", **said)


def send_event(
    code: str, body: bytes, *, id: str = "", secret: str | None = None, late: timedelta = timedelta(0),
    client: Client | None = None, **headers: str,
) -> Any:
    """POST it as the partner would: signed by its key, or by `secret`, `late` after (or before) it was signed."""
    signed = sign(secret or secret_of(code), id=id or f"evt_{next(_numbers)}", at=timezone.now() - late, body=body)
    return (client or Client()).post(
        f"/partners/{code}/events", body, content_type="application/json", headers={**signed, **headers}
    )

"""The demo's partners: keys shared with the sandbox, contacts, orders that are sent, a month that is settled."""

from datetime import date, datetime, time, timedelta
from typing import Any

import structlog
from django.conf import settings
from django.core.files.base import ContentFile
from django.utils import timezone

from memberships.demo.cards import Days
from memberships.demo.parts import DemoPart
from memberships.demo.users import OPERATOR
from memberships.gateways.sandbox.calls import CallError
from operations import registry
from operations.dates import BUSINESS_ZONE
from operations.errors import PlusdeskError
from operations.models import User
from partners.models import Offer, Partner, PartnerKey
from partners.sandbox.address import Address, read_address
from partners.sandbox.client import PartnerClient
from partners.sandbox.control import PartnersControl
from partners.services.keys import enter_key
from partners.services.partner_statements import import_statement
from partners.services.partners import add_contact
from partners.services.settlements import draft_settlement

log = structlog.get_logger(__name__)
#: What the sandbox has to play for an offer to be fulfilled.
MODES = {Offer.Mode.API: "orders", Offer.Mode.DAILY_FILE: "files", Offer.Mode.REPORTED: "usages"}
BILLED = "iqiyi"


class SandboxPartners(DemoPart):
    """Without sandbox partners to talk to there are contacts only; orders wait."""

    name = "partners"

    def prepare(self, days: Days) -> None:
        since, operator = datetime.combine(days.first_night, time(), BUSINESS_ZONE), _operator()
        address = _sandbox()
        for number, partner in enumerate(Partner.objects.order_by("pk"), start=1):
            add_contact(
                partner, role="技术对接", name="王小明", mobile=f"138001380{number:02d}",
                email=f"{partner.code}@example.com", actor=operator, reason="上线对接",
            )
            if address is not None and partner.code in address.partners:
                secrets = address.partners[partner.code]
                pairs = (
                    (PartnerKey.Direction.OURS, secrets.orders_secret),
                    (PartnerKey.Direction.THEIRS, secrets.events_secret),
                )
                for direction, secret in pairs:
                    enter_key(partner, direction, secret, at=since, actor=operator, reason="上线对接")

    def act(self, days: Days) -> None:
        address = _sandbox()
        if address is None:
            return
        for job in ("fulfil_benefits", "send_daily_files"):
            registry.jobs.get(job).tick(at=timezone.now())
        _settle(address, on=days.today)


def _sandbox() -> Address | None:
    """The sandbox partners, all that the programmes need made there; None where none answer."""
    address = read_address(settings.DATA_DIR / "partners.json")
    if address is None or settings.IS_PRODUCTION:
        return None
    control = PartnersControl(address.url, address.secret)
    try:
        known = {each["code"] for each in control.partners()}
        for partner in Partner.objects.exclude(code__in=known):
            modes = {MODES[Offer.Mode(mode)] for mode in _modes(partner) if mode in MODES}
            if modes:
                control.make_partner(partner.code, modes=sorted(modes))
    except CallError:
        return None
    return read_address(settings.DATA_DIR / "partners.json")


def _modes(partner: Partner) -> set[str]:
    return set(Offer.objects.filter(partner=partner).values_list("mode", flat=True))


def _settle(address: Address, *, on: date) -> None:
    """Yesterday's month as the partner bills it, with lines that differ, and the draft of what is owed."""
    day, operator = on - timedelta(days=1), _operator()
    month, partner = f"{day:%Y-%m}", Partner.objects.filter(code=BILLED).first()
    if partner is None:
        return
    PartnersControl(address.url, address.secret).partner(BILLED).plant(month, drop=2, amount=3, invent=1)
    secrets = address.partners[BILLED]
    content = PartnerClient(address.url, BILLED, secrets).get(f"/statement?month={month}").body
    facts: dict[str, Any] = {"on": on, "at": timezone.now(), "actor": operator}
    try:
        import_statement(partner, ContentFile(content, name=f"{BILLED}-{month}.csv"), month=day.replace(day=1), **facts)
        draft_settlement(partner, day.replace(day=1), **facts)
    except PlusdeskError as error:
        log.warning("demo_not_settled", error=str(error))


def _operator() -> User | None:
    return User.objects.filter(username=OPERATOR.username).first()

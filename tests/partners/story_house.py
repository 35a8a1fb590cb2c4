"""The house of the long stories: a shipped file in effect, its partners at the sandbox, and everybody on the same day.

The desk's clock, the sandbox partners' and the gateway's are set together: what partners sign is recent to us, and what
we sign is to them. Partners tell us over HTTP; what beat and the nights do, the story orders.
"""

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time
from html import unescape
from typing import Any

import pytest
import time_machine
from django.db import connections
from django.utils import timezone, translation
from django.utils.html import strip_tags

from memberships.models import Member
from operations import registry
from operations.dates import BUSINESS_ZONE
from operations.models import User
from partners.models import Fulfilment, InboundEvent, Offer, Partner
from tests.gateway import GatewayForTests
from tests.memberships.admin_pages import a_superuser, signed_in
from tests.memberships.factories import TODAY
from tests.memberships.night_stories import NIGHT, run_job
from tests.partner import PartnerForTests, PartnersForTests
from tests.partners.fulfilment_stories import share_keys, states

#: All that a night does about cards, rights, and partners.
NIGHT_JOBS = (*NIGHT, "follow_rights", "follow_status_matches", "fulfil_benefits", "send_daily_files")
#: What beat does every few seconds.
TICKS = ("fulfil_benefits", "send_daily_files", "follow_status_matches")


class StoryHouse:
    """One house, on the day that the story has come to."""

    def __init__(
        self, partners: PartnersForTests, traveller: Any, gateway: GatewayForTests | None
    ) -> None:
        self.partners, self.gateway, self._traveller = partners, gateway, traveller
        self._codes: list[str] = []

    def go_to(self, on: date, hour: int = 10, minute: int = 0) -> None:
        """It is that hour of that day in Shanghai, for everybody."""
        at = datetime.combine(on, time(hour, minute), BUSINESS_ZONE)
        self.partners.set_clock(at, is_stamped=True)
        if self.gateway is not None:
            self.gateway.set_clock(at)
        self._traveller.move_to(at)

    def open_accounts(self) -> None:
        """Every partner of the file is at the sandbox, which plays those that take files if it does not know them."""
        known = {partner["code"] for partner in self.partners.partners()}
        for partner in Partner.objects.order_by("code"):
            if partner.code not in known:
                assert set(partner.offers.values_list("mode", flat=True)) == {Offer.Mode.DAILY_FILE}
                self.partners.make_partner(partner.code, modes=["files"])
            address = self.partners.server.address
            Partner.objects.filter(pk=partner.pk).update(api_url=address.url_of(partner.code), timeout_seconds=5)
            share_keys(partner, address.partners[partner.code])
            self._codes.append(partner.code)

    def at(self, code: str) -> PartnerForTests:
        """A partner's own side."""
        return self.partners.partner(code)

    def hear(self) -> None:
        """All that partners have to tell is told."""
        self.partners.wait_until_sent()

    def tick(self) -> None:
        """What beat does about partners, and what they say to it."""
        for name in TICKS:
            registry.jobs.get(name).tick(at=timezone.now())
        self.hear()

    def night(self, on: date) -> None:
        """The night's jobs a little after midnight, and the ticks an hour later."""
        self.go_to(on, 0, 10)
        for name in NIGHT_JOBS:
            run_job(name, on=on)
        self.go_to(on, 1, 10)
        self.tick()

    def page_says(self, member: Member, section: str) -> str:
        """The words of a section of the member's page, read in English."""
        user = User.objects.filter(username="root").first() or a_superuser()
        page = signed_in(user).get(f"/admin/memberships/member/{member.pk}/change/").content.decode()
        found = re.search(rf'<section[^>]*id="{section}".*?</section>', page, re.DOTALL)
        assert found is not None, section
        return " ".join(unescape(strip_tags(found[0].replace(">", "> "))).split())

    def states_here(self) -> dict[str, str]:
        """State of each fulfilment, by its benefit."""
        rows = Fulfilment.objects.order_by("pk").values_list("grant__benefit__code", "state")
        return dict(rows)

    def assert_same_there(self) -> None:
        """Every partner knows the same of its fulfilments as we do, and did nothing twice."""
        for partner in Partner.objects.filter(code__in=self._codes):
            there = self.at(partner.code)
            assert there.states() == states(partner), partner.code
            assert Counter(each["provisioned"] for each in there.fulfilments()).keys() <= {1}, partner.code
        assert not Fulfilment.objects.dead().exists()
        assert not InboundEvent.objects.filter(state=InboundEvent.State.DEAD).exists()


@contextmanager
def opened_house(
    partners: PartnersForTests, url: str, monkeypatch: pytest.MonkeyPatch, *, gateway: GatewayForTests | None = None
) -> Iterator[StoryHouse]:
    """The house on the morning of TODAY, told in English; `url`: of the desk, whose threads keep no connections to a
    database that will be gone."""
    monkeypatch.setitem(connections.settings["default"], "CONN_MAX_AGE", 0)
    first = datetime.combine(TODAY, time(9), BUSINESS_ZONE)
    partners.send_events_to(url)
    # The sandbox hears of the new time before we are there: an order of another time would be refused.
    partners.set_clock(first, is_stamped=True)
    with time_machine.travel(first, tick=True) as traveller, translation.override("en"):
        house = StoryHouse(partners, traveller, gateway)
        house.go_to(TODAY, 9)
        yield house
        house.hear()
        partners.send_events_to("")
    partners.set_clock(None)

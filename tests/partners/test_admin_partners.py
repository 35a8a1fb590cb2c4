"""Partners at the desk: the page of one, its keys and contacts, how it does; who may do what."""

import re
from typing import Any

import pytest
from django.test import Client

from operations.models import Reveal, User
from partners.models import Breaker, Fulfilment, InboundEvent, Offer, PartnerContact, PartnerKey
from tests.memberships.admin_pages import a_superuser, granted, indexes_read, signed_in
from tests.memberships.factories import an_operator, last_event
from tests.partners.partner_stories import (
    a_benefit,
    a_fulfilment,
    a_partner,
    an_event,
    an_offer,
    secret_of,
    send_event,
    told_of,
)

pytestmark = pytest.mark.django_db

ENTERED = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@pytest.fixture
def desk() -> Client:
    return signed_in(a_superuser())


def text_of(response: Any) -> str:
    assert response.status_code == 200, response.status_code
    return re.sub(r"\s+", " ", response.content.decode())


def page(client: Client, model: str, key: int | None = None, place: str = "") -> str:
    address = f"/admin/partners/{model}/" + (f"{key}/{place or 'change/'}" if key else place)
    return text_of(client.get(address))


def press(client: Client, address: str, **data: Any) -> Any:
    """Open a page that asks, and send its form with what it showed."""
    seen = re.search(r'name="seen" value="([^"]*)"', client.get(address).content.decode())
    return client.post(address, {"reason": "because", **({"seen": seen[1]} if seen else {}), **data}, follow=True)


def test_page_of_a_partner_shows_all_there_is(desk: Client) -> None:
    partner = a_partner()
    an_offer(partner, a_benefit(), sku="vip-2027")
    PartnerContact.objects.create(partner=partner, name="王小明", mobile="13812345678", email="wang@example.com")
    text = page(desk, "partner", partner.pk)
    for words in ("vip-2027", "王**", "138****5678", "/partners/iqiyi/events", "2020-01-01", "lets calls pass"):
        assert words in text
    for words in ("13812345678", "wang@example.com", secret_of("iqiyi"), "whsec_"):
        assert words not in text
    for key in PartnerKey.objects.all():
        assert key.fingerprint in text
    assert "iqiyi" in page(desk, "partner")


def test_key_is_made_and_shown_on_one_page_only(desk: Client) -> None:
    partner = a_partner(has_keys=False)
    address = f"/admin/partners/partner/{partner.pk}/make-key/"
    assert desk.post(address, {"direction": "ours", "reason": " "}).status_code == 422
    answer = desk.post(address, {"direction": "ours", "reason": "yearly"})
    secret = re.search(r"whsec_[\w+/=]+", text_of(answer))
    assert secret and "no-store" in answer["cache-control"]
    key = PartnerKey.objects.get()
    assert key.secret.reveal() == secret[0]
    event = last_event(key)
    assert event.pgh_context["reason"] == "yearly"
    text = page(desk, "partner", partner.pk)
    assert secret[0] not in text and key.fingerprint in text and "root" in text
    for place in (page(desk, "partnerkey"), page(desk, "partner", partner.pk, "history/")):
        assert secret[0] not in place


def test_keys_are_entered_ended_and_revoked(desk: Client) -> None:
    partner = a_partner(has_keys=False)
    entered = f"/admin/partners/partner/{partner.pk}/enter-key/"
    refused = press(desk, entered, direction="theirs", secret="whsec_typo").content.decode()
    assert "24 to 64 bytes" in refused and "whsec_typo" not in refused
    answer = press(desk, entered, direction="theirs", secret=ENTERED)
    assert ENTERED not in text_of(answer)
    key = PartnerKey.objects.get()
    press(desk, f"/admin/partners/partnerkey/{key.pk}/end/", ends_at_0="2030-01-01", ends_at_1="00:00:00")
    key.refresh_from_db()
    assert key.ends_at is not None and key.ends_at.year == 2029
    press(desk, f"/admin/partners/partnerkey/{key.pk}/revoke/")
    key.refresh_from_db()
    assert key.revoked_at is not None
    assert "not valid any more" in text_of(press(desk, f"/admin/partners/partnerkey/{key.pk}/revoke/"))


def test_contacts_are_masked_until_somebody_says_why(desk: Client) -> None:
    partner = a_partner()
    answer = press(
        desk, f"/admin/partners/partner/{partner.pk}/add-contact/", name="王小明", role="商务", mobile="13812345678"
    )
    assert "13812345678" not in text_of(answer)
    contact = PartnerContact.objects.get()
    for text in (page(desk, "partnercontact"), page(desk, "partnercontact", contact.pk)):
        assert "138****5678" in text and "13812345678" not in text
    reveal = f"/admin/partners/partnercontact/{contact.pk}/reveal/"
    shown = desk.post(reveal, {"fields_wanted": ["mobile"], "reason": "to call"})
    assert "13812345678" in text_of(shown)
    assert Reveal.objects.get().reason == "to call"
    press(desk, f"/admin/partners/partnercontact/{contact.pk}/remove/")
    assert not PartnerContact.objects.exists()
    assert "13812345678" not in page(desk, "partner", partner.pk, "history/")


def test_health_is_seen_at_a_glance_and_in_detail(desk: Client) -> None:
    well, ill = a_partner("well"), a_partner("ill")
    Breaker.objects.create(partner=ill, state=Breaker.State.OPEN, failures=7)
    send_event("ill", an_event("x"), secret=secret_of("well"))
    send_event("stranger", an_event("x"), secret=secret_of("well"))
    send_event("ill", an_event("unheard.of"))
    overview = page(desk, "partner", place="health/")
    assert overview.index("Ill") < overview.index("Well"), "what needs a look comes first"
    assert "sends nothing" in overview and "unknown partner" in overview
    detail = page(desk, "partner", ill.pk, "health/")
    assert "7 failures in a row" in detail and "wrong signature" in detail
    assert "7 failures" not in page(desk, "partner", well.pk, "health/")


def test_fulfilment_is_found_and_told_as_a_story(desk: Client) -> None:
    fulfilment = a_fulfilment(a_partner())
    send_event("iqiyi", told_of(fulfilment, "active", sequence=1), id="evt_77")
    text = page(desk, "fulfilment", fulfilment.pk)
    for words in (fulfilment.key, "IQ0000000001", "told by the partner", "provision 1", "evt_77", "active"):
        assert words in text
    for term in (fulfilment.key, fulfilment.member.number, "IQ0000000001"):
        assert f"/{fulfilment.pk}/change/" in text_of(desk.get("/admin/partners/fulfilment/", {"q": term})), term
    assert f"/{fulfilment.pk}/change/" not in text_of(desk.get("/admin/partners/fulfilment/", {"q": "IQ2"}))
    for query in ({"show": "behind"}, {"show": "dead"}, {"state__exact": "revoked"}):
        assert f"/{fulfilment.pk}/change/" not in text_of(desk.get("/admin/partners/fulfilment/", query))
    member = text_of(desk.get(f"/admin/memberships/member/{fulfilment.member_id}/change/"))
    assert f"/admin/partners/fulfilment/{fulfilment.pk}/change/" in member


def test_event_is_shown_as_it_came_without_personal_data(desk: Client) -> None:
    a_partner()
    send_event("iqiyi", an_event("unheard.of", phone="13812345678", mail="a.b@example.com", 名="值"), id="evt_1")
    listed = page(desk, "inboundevent")
    key = int(re.findall(r"inboundevent/(\d+)/change", listed)[0])
    text = page(desk, "inboundevent", key)
    assert "138****5678" in text and "值" in text and "unheard.of" in text and "webhook-signature" in text
    assert "13812345678" not in text and "a.b@example.com" not in text
    assert f"/{key}/change/" in text_of(desk.get("/admin/partners/inboundevent/", {"q": "evt_1"}))
    again = press(desk, f"/admin/partners/inboundevent/{key}/replay/")
    assert "It failed again" in text_of(again)


def test_dead_letters_are_replayed_one_by_one_and_many_at_a_time(desk: Client) -> None:
    partner = a_partner()
    fulfilments = [a_fulfilment(partner) for _number in range(3)]
    for fulfilment in fulfilments:
        fulfilment.commands.update(state="failed", attempts=1)
    Fulfilment.objects.update(dead_at=fulfilments[0].requested_at, error="sku_refused", state="failed")
    send_event("iqiyi", an_event("unheard.of"))
    text = page(desk, "deadletter")
    assert text.count("sku_refused") == 3 and "unheard.of" in text
    address = "/admin/partners/deadletter/"
    chosen = {"action": "replay", "_selected_action": [str(fulfilments[0].pk * 3)]}
    asked = desk.post(address, chosen)
    assert fulfilments[0].key in text_of(asked)
    assert desk.post(address, {**chosen, "reason": ""}).status_code == 422
    assert "1 fulfilment is queued" in text_of(desk.post(address, {**chosen, "reason": "mended"}, follow=True))
    press(desk, f"/admin/partners/fulfilment/{fulfilments[1].pk}/replay/")
    assert Fulfilment.objects.dead().count() == 1
    many = desk.post(f"{address}replay-all/", {"partner": partner.pk, "kind": "", "reason": "mended"}, follow=True)
    assert "1 fulfilment is queued" in text_of(many) and "1 letter failed again" in text_of(many)
    assert not Fulfilment.objects.dead().exists()


def test_lists_open_and_offers_are_read_only(desk: Client) -> None:
    partner = a_partner()
    offer = an_offer(partner, mode=Offer.Mode.MANUAL)
    send_event("nobody", an_event("x"), secret=secret_of("iqiyi"))
    for model in ("offer", "refusedcalls", "partnerkey", "partnercontact", "deadletter"):
        page(desk, model)
    assert "vip-year" in page(desk, "offer", offer.pk)
    assert desk.get("/admin/partners/offer/add/").status_code == 403
    assert desk.get("/admin/partners/partner/add/").status_code == 403


def looker(*permissions: str) -> Client:
    user: User = an_operator()
    views = ("partner", "partnerkey", "partnercontact", "fulfilment", "inboundevent", "deadletter", "offer")
    return signed_in(granted(user, *(f"partners.view_{name}" for name in views), *permissions))


def test_who_may_only_look_changes_nothing() -> None:
    partner = a_partner()
    fulfilment = a_fulfilment(partner)
    contact = PartnerContact.objects.create(partner=partner, name="王小明")
    send_event("iqiyi", an_event("unheard.of"))
    Fulfilment.objects.update(dead_at=fulfilment.requested_at, error="x")
    client = looker()
    text = page(client, "partner", partner.pk)
    for words in ("make-key", "enter-key", "add-contact", "/revoke/", "/reveal/", "/remove/"):
        assert words not in text
    assert "replay" not in page(client, "fulfilment", fulfilment.pk)
    (key,) = PartnerKey.objects.filter(direction="ours")
    for address in (
        f"partner/{partner.pk}/make-key/", f"partner/{partner.pk}/enter-key/", f"partner/{partner.pk}/add-contact/",
        f"partnerkey/{key.pk}/revoke/", f"partnerkey/{key.pk}/end/", f"partnercontact/{contact.pk}/reveal/",
        f"partnercontact/{contact.pk}/remove/", f"fulfilment/{fulfilment.pk}/replay/", "deadletter/replay-all/",
    ):
        assert client.post(f"/admin/partners/{address}", {"reason": "x"}).status_code == 403, address
    chosen = {"action": "replay", "_selected_action": [str(fulfilment.pk * 3)], "reason": "x"}
    client.post("/admin/partners/deadletter/", chosen)
    assert Fulfilment.objects.dead().exists()


def test_who_replays_fulfilments_leaves_events_alone() -> None:
    fulfilment = a_fulfilment(a_partner())
    fulfilment.commands.update(state="failed", attempts=1)
    Fulfilment.objects.update(dead_at=fulfilment.requested_at, error="x", state="failed")
    send_event("iqiyi", an_event("unheard.of"), id="e1")
    client = looker("partners.replay_fulfilment")
    client.post("/admin/partners/deadletter/replay-all/", {"kind": "", "reason": "mended"})
    assert not Fulfilment.objects.dead().exists()
    assert "unheard.of" in page(client, "deadletter")


@pytest.mark.usefixtures("new_tables")
def test_what_is_searched_and_narrowed_by_is_read_by_indexes() -> None:
    assert indexes_read(Fulfilment.objects.filter(reference="IQ1")) == {"fulfilment_by_reference"}
    assert indexes_read(InboundEvent.objects.filter(event_id="evt_1")) == {"inboundevent_once"}
    assert indexes_read(Fulfilment.objects.filter(partner=1, state="failed").order_by("-pk")) == {"fulfilment_by_state"}

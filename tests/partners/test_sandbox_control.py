"""Ordering the sandbox partners about: who plays there, their terms, the clock, and what is refused."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from memberships.gateways.sandbox.calls import CallError, Signer, call
from tests.partner import PartnersForTests


def test_the_five_are_there_from_the_first(partners: PartnersForTests) -> None:
    assert {partner["code"]: partner["modes"] for partner in partners.partners()} == {
        "iqiyi": ["orders"], "kugou": ["orders"], "jd-health": ["orders", "usages"], "jd-read": ["files"],
        "marriott": ["status"],
    }  # fmt: skip
    assert [partner["code"] for partner in partners.partners() if partner["is_async"]] == ["kugou"]
    assert set(partners.server.address.partners) >= {partner["code"] for partner in partners.partners()}


def test_a_partner_made_again_is_as_new_with_the_keys_it_had(partners: PartnersForTests) -> None:
    first = partners.make_partner("wanda-hotels", modes=["orders", "status"], price="88.00", tiers=["Gold"])
    again = partners.make_partner("wanda-hotels", modes=["orders"])
    assert again["orders_secret"] == first["orders_secret"]
    assert (first["price"], again["price"]) == ("88.00", "10.00")
    assert partners.partner("wanda-hotels").order("1").status == 200


@pytest.mark.parametrize(
    "wrong",
    [{"code": "Wanda"}, {"code": "control"}, {"code": "health"}, {"code": ""}, {"modes": []}, {"modes": ["magic"]},
     {"modes": "orders"}, {"price": "10"}, {"price": "-1.00"}, {"confirm_after_ms": -1}, {"is_async": 1},
     {"prices": {"x": 1}}, {"tiers": "Gold"}, {"billed": "never"}, {"mood": "bad"}],
)  # fmt: skip
def test_a_partner_that_cannot_be_is_refused(partners: PartnersForTests, wrong: dict[str, Any]) -> None:
    with pytest.raises(CallError, match="400"):
        partners.make_partner(**{"code": "ctrip", "modes": ["orders"]} | wrong)
    assert "ctrip" not in [partner["code"] for partner in partners.partners()]


@pytest.mark.parametrize("wrong", [{"price": "free"}, {"modes": ["orders"]}, {"code": "x"}, {"is_telling": None}])
def test_terms_that_cannot_be_are_refused_and_change_nothing(
    partners: PartnersForTests, wrong: dict[str, Any]
) -> None:
    before = partners.partners()
    with pytest.raises(CallError, match="400"):
        partners.partner("iqiyi").change(**wrong)
    assert partners.partners() == before


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_!", "plain", 7])
def test_a_key_that_is_none_is_refused(partners: PartnersForTests, secret: Any) -> None:
    with pytest.raises(CallError, match="400"):
        partners.partner("iqiyi").change_secrets(orders_secret=secret)
    assert partners.partner("iqiyi").order("1").is_genuine


@pytest.mark.parametrize("url", ["ftp://x", "127.0.0.1", None, 8])
def test_events_go_to_web_servers_only(partners: PartnersForTests, url: Any) -> None:
    with pytest.raises(CallError, match="400"):
        partners.send_events_to(url)


def test_the_clock_runs_on_from_what_it_was_told_and_back(partners: PartnersForTests) -> None:
    iqiyi, told = partners.partner("iqiyi"), datetime(2028, 2, 28, 16, 10, tzinfo=UTC)
    partners.set_clock(told)
    assert iqiyi.order("1").data["at"].startswith("2028-02-28T16:10")
    partners.set_clock(None)
    booked = datetime.fromisoformat(iqiyi.order("2", order="F2").data["at"])
    assert abs(booked - datetime.now(UTC)) < timedelta(minutes=1)
    signer = Signer(partners.server.address.secret)
    for at in ("noon", "2028-02-28T16:10:00", None):
        with pytest.raises(CallError, match="400"):
            call(partners.url, signer, "PUT", "/control/clock", data={"at": at}, timeout=5)


def test_the_load_tells_how_many_orders_were_under_way_at_once(partners: PartnersForTests) -> None:
    iqiyi = partners.partner("iqiyi")
    iqiyi.order_faults(latency_ms=1000)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: iqiyi.order(str(number), order=f"F{number}"), range(8)))
    assert (partners.load()["now"], partners.load()["most"]) == (0, 8)


def test_lists_come_in_pages_of_a_thousand(partners: PartnersForTests) -> None:
    read = partners.partner("jd-read")
    lines = "".join(f"{number},F{number},provision,badge,M{number},2027-01-01,\n" for number in range(2001))
    read.client.put_file("many.csv", f"line,order,command,sku,member,starts_on,ends_on\n{lines}".encode())
    assert [fulfilment["order"] for fulfilment in read.fulfilments()] == [f"F{number}" for number in range(2001)]
    assert [command["id"] for command in read.commands()] == [f"many.csv:{number}" for number in range(2001)]


def test_what_it_does_by_itself_it_does_to_orders_that_are_there(partners: PartnersForTests) -> None:
    iqiyi = partners.partner("iqiyi")
    with pytest.raises(CallError, match="400"):
        iqiyi.change_order("F1", "revoked")
    iqiyi.order("1")
    with pytest.raises(CallError, match="400"):
        iqiyi.change_order("F1", "lost")
    assert iqiyi.states() == {"F1": "active"}

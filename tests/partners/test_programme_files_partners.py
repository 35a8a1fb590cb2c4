"""Partners, their offers, status matches and gifts come by a programme file, each change told before it is made."""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.utils import translation

from benefits.models import Benefit
from memberships.programme_files.documents import changes_of, check_against_tables
from memberships.programme_files.faults import ProgrammeFileError
from partners.models import Offer, Partner, RegistrationGift, StatusMatch, StatusMatchRule
from tests.benefits.benefit_stories import a_wallet_of, at
from tests.memberships.factories import TODAY, a_person
from tests.memberships.programme_stories import applied, told
from tests.memberships.tier_stories import by_hand
from tests.partners.partner_stories import a_grant
from tests.partners.programme_file_stories import (
    BENEFITS,
    COUPON,
    GIFT,
    GOLD,
    IQIYI,
    MARRIOTT,
    NEWS,
    offering,
    partnered,
)

pytestmark = pytest.mark.django_db
TOMORROW = TODAY + timedelta(days=1)
MARCH = date(2027, 3, 1)
FEBRUARY_ENDS = date(2027, 2, 28)


@pytest.fixture(autouse=True)
def _in_english() -> Iterator[None]:
    with translation.override("en"):
        yield


def offers(benefit: str) -> list[tuple[str, str, Decimal, date, date | None]]:
    """Partner, way, cost and days of each offer of a benefit."""
    found = Offer.objects.filter(benefit__code=benefit).select_related("partner").order_by("starts_on")
    return [(each.partner.code, each.mode, each.unit_cost, each.starts_on, each.ends_on) for each in found]


def test_new_partners_say_what_they_fulfil_and_for_how_much() -> None:
    assert told(partnered())[-7:] == [
        "New partner “iQiyi”, under contract from 2027-01-01",
        "New partner “Marriott”, under contract from 2027-01-15",
        "New offer of “iqiyi” for “news” from 2027-01-15: signed API, 12 CNY for each fulfilment, once",
        "New offer of “iqiyi” for “advice” from 2027-01-15: reported by the partner, 8 CNY for each use",
        "New offer of “marriott” for “coupon” from 2027-01-15: voucher codes, 3 CNY for each fulfilment, once",
        "New status match: our “gold” gives “Silver” at “marriott” for 12 months; 0 members",
        "New gift “coupon” for registering at “marriott”, from 2027-01-15",
    ]


def test_what_was_applied_is_there_and_changes_nothing_the_second_time() -> None:
    applied(partnered())
    assert offers("news") == [("iqiyi", "api", 12, TODAY, None)]
    assert Offer.objects.get(sku="c58").low_stock == 50
    rule = StatusMatchRule.objects.select_related("tier", "partner").get()
    assert (rule.tier.code, rule.partner.code, rule.partner_tier, rule.months) == ("gold", "marriott", "Silver", 12)
    assert RegistrationGift.objects.get().benefit == Benefit.objects.get(code="coupon")
    assert told(partnered()) == told(partnered(), on=TOMORROW) == []


def test_a_new_cost_is_a_new_version_of_an_offer_that_somebody_has() -> None:
    applied(partnered())
    a_grant(Benefit.objects.get(code="news"), on=TODAY)
    dearer = partnered(partners=[offering({**NEWS, "unit_cost": "13.5"}, IQIYI["offers"][1]), MARRIOTT])
    assert told(dearer, on=MARCH) == ["Offer of “iQiyi” for “News”: from 2027-03-01 unit cost (CNY) 12 → 13.5"]
    applied(dearer, on=MARCH)
    assert offers("news") == [
        ("iqiyi", "api", 12, TODAY, FEBRUARY_ENDS), ("iqiyi", "api", Decimal("13.5"), MARCH, None)
    ]


def test_whether_it_rests_in_grace_changes_in_place() -> None:
    applied(partnered())
    a_grant(Benefit.objects.get(code="news"), on=TODAY)
    resting = partnered(partners=[offering({**NEWS, "suspends_in_grace": True}, IQIYI["offers"][1]), MARRIOTT])
    assert told(resting, on=MARCH) == ["Offer of “iQiyi” for “News”: suspended in grace no → yes"]
    applied(resting, on=MARCH)
    assert Offer.objects.get(benefit__code="news").suspends_in_grace


def test_a_benefit_goes_over_to_another_partner_from_a_day_on() -> None:
    applied(partnered())
    moved = {**NEWS, "starts_on": "2027-03-01", "mode": "daily_file"}
    other = partnered(partners=[offering(IQIYI["offers"][1]), {**MARRIOTT, "offers": [COUPON, moved]}])
    assert told(other) == [
        "Offer of “iQiyi” for “News”: from 2027-03-01 partner iQiyi → Marriott, fulfilled by signed API → daily file"
    ]
    applied(other)
    assert offers("news") == [
        ("iqiyi", "api", 12, TODAY, FEBRUARY_ENDS), ("marriott", "daily_file", 12, MARCH, None)
    ]


def test_an_offer_that_nobody_has_yet_can_be_taken_back_or_become_another_s() -> None:
    applied(partnered())
    by_file = partnered(partners=[offering({**NEWS, "mode": "daily_file"}, IQIYI["offers"][1]), MARRIOTT])
    applied(by_file)
    assert offers("news") == [("iqiyi", "daily_file", 12, TODAY, None)]
    applied(partnered(partners=[offering(IQIYI["offers"][1]), MARRIOTT]))
    assert offers("news") == []


def test_codes_that_are_left_stay_with_the_version_they_were_bought_for() -> None:
    applied(partnered())
    cheaper = partnered(partners=[IQIYI, {**MARRIOTT, "offers": [{**COUPON, "unit_cost": "2"}]}])
    assert told(cheaper, on=MARCH) == [
        "Offer of “Marriott” for “Coupon”: from 2027-03-01 unit cost (CNY) 3 → 2; 0 codes stay behind"
    ]


def test_a_partner_left_out_stays_and_its_offers_end() -> None:
    applied(partnered())
    without = partnered(partners=[MARRIOTT])
    assert told(without, on=MARCH) == [
        "Offer of “iQiyi” for “News” ends, its last day is 2027-02-28",
        "Offer of “iQiyi” for “Advice” ends, its last day is 2027-02-28",
    ]
    applied(without, on=MARCH)
    assert Partner.objects.filter(code="iqiyi").exists()
    assert told(without, on=MARCH) == []


def test_a_partner_of_two_programmes_is_one_and_who_changes_it_reads_of_the_other() -> None:
    applied(partnered())
    longer = offering(*IQIYI["offers"], contract_until="2028-12-31", limits={"in_flight": 2, "timeout_seconds": "2.5"})
    theirs = {"code": "cinema", "name": {"zh": "影院", "en": "Cinema"}, "audience": "person"}
    second = partnered(programme=theirs, partners=[longer, MARRIOTT], status_match=None)
    assert told(second)[-5] == (
        "Partner “iQiyi”, also for Club: contract until (last day) none → 2028-12-31, "
        "waits for an answer (seconds) 10 → 2.5, calls at a time 8 → 2"
    )
    applied(second)
    partner = Partner.objects.get(code="iqiyi")
    assert (partner.contract_until, partner.in_flight) == (date(2028, 12, 31), 2)
    assert partner.timeout_seconds == Decimal("2.5")
    assert told(partnered()) == [
        "Partner “iQiyi”, also for Cinema: contract until (last day) 2028-12-31 → none"
    ]


def test_limits_that_a_file_leaves_out_are_the_desk_s() -> None:
    applied(partnered())
    Partner.objects.filter(code="iqiyi").update(per_second=3, api_url="https://api.example/v1")
    assert told(partnered()) == []
    applied(partnered(), on=TOMORROW)
    assert Partner.objects.get(code="iqiyi").per_second == 3


def test_a_status_match_tells_how_many_stand_on_the_tier() -> None:
    programme = applied(partnered(status_match=None))
    for _member in range(2):
        by_hand(a_wallet_of(a_person(), programme=programme), "gold", on=TODAY)
    (change,) = changes_of(partnered(), on=TODAY)
    assert change.words == "New status match: our “Gold” gives “Silver” at “Marriott” for 12 months; 2 members"
    assert change.figures == {"members": 2}
    inbound = {**GOLD, "code": "in", "direction": "inbound"}
    assert told(partnered(status_match=[inbound])) == [
        "New status match: “Silver” at “Marriott” gives our “Gold” for 12 months"
    ]


def test_a_match_that_was_made_lasts_when_its_rule_ends_or_changes() -> None:
    programme = applied(partnered())
    wallet = a_wallet_of(a_person(), programme=programme)
    rule = StatusMatchRule.objects.get()
    StatusMatch.objects.create(
        member=wallet.member, partner=rule.partner, rule=rule, direction=rule.direction, key="m1", valid_from=TODAY,
        valid_until=date(2028, 1, 14), state=StatusMatch.State.ACTIVE, on=TODAY, at=at(TODAY),
    )
    assert told(partnered(status_match=[{**GOLD, "partner_tier": "Platinum"}]), on=MARCH) == [
        "Status match “gold” with “Marriott”: from 2027-03-01 partner's tier Silver → Platinum"
    ]
    assert told(partnered(status_match=None), on=MARCH) == [
        "Status match “gold” with “Marriott” ends, its last day is 2027-02-28; 1 members keep theirs to its end"
    ]
    applied(partnered(status_match=[{**GOLD, "partner_tier": "Platinum"}]), on=MARCH)
    rules = StatusMatchRule.objects.order_by("starts_on").values_list("partner_tier", "starts_on", "ends_on")
    assert list(rules) == [("Silver", TODAY, FEBRUARY_ENDS), ("Platinum", MARCH, None)]


def test_a_gift_has_its_days_and_ends_when_it_is_left_out() -> None:
    applied(partnered())
    until = partnered(registration_gifts=[{**GIFT, "ends_on": "2027-06-30"}])
    assert told(until, on=MARCH) == [
        "Gift “Coupon” for registering at “Marriott”: until (last day) none → 2027-06-30"
    ]
    applied(partnered(registration_gifts=None), on=MARCH)
    assert RegistrationGift.objects.get().ends_on == FEBRUARY_ENDS


@pytest.mark.parametrize(("sections", "place"), [
    ({"partners": [offering({**NEWS, "starts_on": "2027-06-01"}, IQIYI["offers"][1]), MARRIOTT]},
     "partners[0].offers[0].starts_on"),
    ({"status_match": [{**GOLD, "starts_on": "2027-06-01"}]}, "status_match[0].starts_on"),
    ({"registration_gifts": [{**GIFT, "starts_on": "2027-06-01"}]}, "registration_gifts[0].starts_on"),
])
def test_what_holds_cannot_begin_later(sections: dict[str, object], place: str) -> None:
    applied(partnered())
    with pytest.raises(ProgrammeFileError) as refusal:
        check_against_tables(partnered(**sections), on=MARCH)
    assert str(refusal.value) == f"{place}: it holds since 2027-01-15: it cannot begin later"


def test_a_benefit_that_goes_takes_its_offer_along() -> None:
    applied(partnered())
    applied(partnered(benefits=BENEFITS[1:], partners=[offering(IQIYI["offers"][1]), MARRIOTT]), on=MARCH)
    assert Benefit.objects.get(code="news").retired_on == MARCH
    assert offers("news") == [("iqiyi", "api", 12, TODAY, FEBRUARY_ENDS)]


def test_a_contract_bears_the_offers_there_are_also_those_of_other_programmes() -> None:
    applied(partnered(partners=[offering({**NEWS, "ends_on": "2028-06-30"}, IQIYI["offers"][1]), MARRIOTT]))
    theirs = {"code": "cinema", "name": {"zh": "影院", "en": "Cinema"}, "audience": "person"}
    for facts, place in [
        ({"contract_until": "2027-12-31"}, "partners[0].contract_until"),
        ({"contract_from": "2027-02-01"}, "partners[0].contract_from"),
    ]:
        with pytest.raises(ProgrammeFileError) as refusal:
            applied(partnered(programme=theirs, partners=[offering(*IQIYI["offers"], **facts), MARRIOTT]), on=MARCH)
        assert f"{place}: it offers “News” for another programme beyond that" in str(refusal.value)
    over = offering({**NEWS, "ends_on": "2027-02-28", "unit_cost": "9"}, contract_until="2027-02-28")
    applied(partnered(partners=[over, MARRIOTT]))
    over["offers"].append(IQIYI["offers"][1])
    with pytest.raises(ProgrammeFileError, match="from 2027-03-01 on it is not within the contract"):
        applied(partnered(partners=[over, MARRIOTT]), on=MARCH)


def test_a_code_of_another_programme_s_status_match_with_the_partner_is_taken() -> None:
    applied(partnered())
    theirs = {"code": "cinema", "name": {"zh": "影院", "en": "Cinema"}, "audience": "person"}
    with pytest.raises(ProgrammeFileError) as refusal:
        applied(partnered(programme=theirs))
    assert str(refusal.value) == (
        "status_match[0].code: “gold” is a status match of another programme with this partner: take another code"
    )

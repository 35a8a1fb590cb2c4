"""What is wrong with partners in a programme file is named with its line; secrets have no place in it."""

from collections.abc import Iterator

import pytest
from django.utils import translation

from tests.memberships.programme_stories import faults, text
from tests.partners.programme_file_stories import partnered

HEAD = """\
programme: {code: club, name: {zh: 俱乐部, en: Club}, audience: person}
tier_groups:
  - {code: levels, name: {zh: 等级, en: Levels}, window: cumulative}
tiers:
  - {group: levels, code: gold, name: {zh: 黄金, en: Gold}, threshold: 0}
benefits:
  - {code: news, name: {zh: 甲, en: A}, kind: partner_subscription}
  - {code: advice, name: {zh: 乙, en: B}, kind: service}
"""


@pytest.fixture(autouse=True)
def _in_english() -> Iterator[None]:
    with translation.override("en"):
        yield


def found(lines: str) -> list[str]:
    """The faults of the club's file with these lines after its head, without the file's name."""
    return [fault.removeprefix("programmes/club.yaml:") for fault in faults(HEAD + lines)]


def test_the_story_s_own_file_has_none() -> None:
    assert faults(text(partnered())) == []


def test_offers_are_of_benefits_and_within_the_contract() -> None:
    assert found("""\
partners:
  - code: a
    name: {zh: 甲, en: A}
    contract_from: 2027-02-01
    contract_until: 2027-12-31
    offers:
      - {benefit: news, sku: x, mode: api, unit_cost: 1, starts_on: 2027-01-01, low_stock: 5}
      - {benefit: advice, sku: x, mode: api, unit_cost: 1, ends_on: 2028-01-31}
      - {benefit: other, sku: x, mode: reported, unit_cost: 1.00001}
""") == ["17: partners[0].offers[2].unit_cost: 1.00001 has more than 4 decimals"]
    assert found("""\
partners:
  - code: a
    name: {zh: 甲, en: A}
    contract_from: 2027-02-01
    contract_until: 2027-12-31
    offers:
      - {benefit: news, sku: x, mode: api, unit_cost: 1, starts_on: 2027-01-01, low_stock: 5}
      - {benefit: advice, sku: x, mode: api, unit_cost: 1, ends_on: 2028-01-31}
      - {benefit: other, sku: x, mode: reported, unit_cost: 1}
  - code: b
    name: {zh: 乙, en: B}
    contract_from: 2027-02-01
    contract_until: 2027-01-31
    offers:
      - {benefit: news, sku: x, mode: manual, unit_cost: 1}
  - {code: c, name: {zh: 丙, en: C}}
""") == [
        "15: partners[0].offers[0].low_stock: goes with vouchers, and only with them",
        "15: partners[0].offers[0].starts_on: is before the contract, which begins on 2027-02-01",
        "16: partners[0].offers[1].mode: a service is not held by anybody, so there is nothing to fulfil: reported",
        "16: partners[0].offers[1].ends_on: is after the contract, which ends on 2027-12-31",
        "17: partners[0].offers[2].benefit: there is no benefit “other”",
        "21: partners[1].contract_until: 2027-01-31 is before 2027-02-01",
        "23: partners[1].offers[0].benefit: “news” is the benefit of partners[0].offers[0], too",
        "24: partners[2]: has nothing to do with the programme: no offer, no status match, no gift",
    ]


@pytest.mark.parametrize("secret", ["api_url: https://a.example", "keys: [whsec_x]", "contacts: [张三]"])
def test_keys_addresses_and_contacts_have_no_place_in_a_file(secret: str) -> None:
    told = found(f"""\
partners:
  - code: a
    name: {{zh: 甲, en: A}}
    {secret}
    offers: [{{benefit: news, sku: x, mode: api, unit_cost: 1}}]
""")
    assert len(told) == 1
    assert told[0].startswith(f"12: partners[0].{secret.partition(':')[0]}: there is no such key")


def test_a_status_match_is_about_one_of_our_tiers_and_a_partner_once_a_day() -> None:
    assert found("""\
partners:
  - {code: m, name: {zh: 万豪, en: Marriott}}
status_match:
  - {code: a, partner: m, direction: outbound, tier: {group: levels, code: gold}, partner_tier: Silver, months: 12}
  - {code: b, partner: m, direction: outbound, tier: {group: levels, code: gold}, partner_tier: Gold, months: 12}
  - {code: b, partner: x, direction: outbound, tier: {group: levels, code: blue}, partner_tier: Gold, months: 12}
  - {code: c, partner: m, direction: inbound, tier: {group: levels, code: gold}, partner_tier: Gold, months: 12}
registration_gifts:
  - {partner: m, benefit: advice}
  - {partner: m, benefit: news}
  - {partner: m, benefit: news}
  - {partner: y, benefit: z, starts_on: 2027-02-01, ends_on: 2027-01-01}
""") == [
        "13: status_match[1]: is about the same tier as status_match[0], on the same days",
        "14: status_match[2].code: “b” is the code of status_match[1], too",
        "14: status_match[2].partner: there is no partner “x”",
        "14: status_match[2].tier: there is no tier “levels/blue”",
        "17: registration_gifts[0].benefit: a service is nothing to hold: "
        "coupon, gift, partner_subscription, points_exchange",
        "19: registration_gifts[2].benefit: “news” is the benefit of registration_gifts[1], too",
        "20: registration_gifts[3].partner: there is no partner “y”",
        "20: registration_gifts[3].benefit: there is no benefit “z”",
        "20: registration_gifts[3].ends_on: 2027-01-01 is before 2027-02-01",
    ]

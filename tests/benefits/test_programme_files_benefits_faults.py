"""What is wrong with benefits in a programme file is named with its line, all of it at once."""

from collections.abc import Iterator

import pytest
from django.utils import translation

from tests.benefits.programme_file_stories import beneficial
from tests.memberships.programme_stories import faults, text

HEAD = """\
programme: {code: club, name: {zh: 俱乐部, en: Club}, audience: person}
plans:
  - {code: annual, name: {zh: 年卡, en: Card}, price: 99, term_months: 12}
tier_groups:
  - {code: levels, name: {zh: 等级, en: Levels}, window: cumulative}
tiers:
  - {group: levels, code: basic, name: {zh: 普通, en: Basic}, threshold: 0}
"""


@pytest.fixture(autouse=True)
def _in_english() -> Iterator[None]:
    with translation.override("en"):
        yield


def found(lines: str) -> list[str]:
    """The faults of the club's file with these lines after its head, without the file's name."""
    return [fault.removeprefix("programmes/club.yaml:") for fault in faults(HEAD + lines)]


def of_rule(rule: str, *, kind: str = "service", more: str = "") -> list[str]:
    """The faults of one rule, without their place."""
    told = found(f"""\
benefits:
  - code: a
    name: {{zh: 甲, en: A}}
    kind: {kind}
    rules:
      - {{code: r, {rule}}}
{more}""")
    return [fault.split("rules[0].", 1)[-1] for fault in told]


def test_the_story_s_own_file_has_none() -> None:
    assert faults(text(beneficial())) == []


def test_terms_are_those_of_the_kind_and_no_others() -> None:
    assert found("""\
benefits:
  - {code: a, name: {zh: 甲, en: A}, kind: stacking_discount}
  - code: b
    name: {zh: 乙, en: B}
    kind: stacking_discount
    terms: {percent: 120, dicounted_only: true}
  - {code: c, name: {zh: 丙, en: C}, kind: payment_term, terms: {days: 62}}
  - {code: d, name: {zh: 丁, en: D}, kind: support_line, terms: {amount: 3}}
""") == [
        "9: benefits[0].terms: is missing",
        "13: benefits[1].terms.dicounted_only: there is no such key; is “discounted_only” meant?",
        "13: benefits[1].terms.percent: 120 is more than 100",
        "14: benefits[2].terms.days: 62 is more than 61",
        "15: benefits[3].terms.amount: there is no such key; there are: phone, channel",
    ]


@pytest.mark.parametrize(("rule", "fault"), [
    ("plan: monthly", "plan: there is no plan “monthly”"),
    ("tier: {group: levels, code: gold}", "tier: there is no tier “levels/gold”"),
    ("plan: annual, tier: {group: levels, code: basic}", "tier: a rule is for a plan or for a tier, not for both"),
    ("plan: annual, and_above: true", "and_above: goes with tier, and only with it"),
    ("quota: 1, window: term", "window: only a plan's card has terms"),
    ("plan: annual, window: month", "window: goes with quota, and only with it"),
    ("plan: annual, quota: 0", "quota: 0 is less than 1"),
    ("automatic: true, points_price: 5", "automatic: what is given by itself has no price"),
    ("automatic: true, member_price: 0.01", "automatic: what is given by itself has no price"),
    ("automatic: true, category: 生鲜", "automatic: what is given by itself is for no category of goods"),
    ("starts_on: 2027-03-01, ends_on: 2027-02-01", "ends_on: 2027-02-01 is before 2027-03-01"),
    ("choice_group: pick", "choice_group: there is no choice group “pick”"),
])
def test_a_rule_that_cannot_be_is_refused(rule: str, fault: str) -> None:
    assert of_rule(rule) == [fault]


def test_codes_stand_once_and_name_what_there_is() -> None:
    assert found("""\
budgets:
  - {code: b, name: {zh: 甲, en: A}, amount: 5, starts_on: 2027-02-02, ends_on: 2027-02-01}
  - {code: b, name: {zh: 甲, en: A}, amount: 5}
benefits:
  - {code: a, name: {zh: 甲, en: A}, kind: service, budget: b, valid_days: 3}
  - code: a
    name: {zh: 甲, en: A}
    kind: gift
    unit_cost: 1
    budget: c
    rules:
      - {code: r}
      - {code: r}
""") == [
        "9: budgets[0].ends_on: 2027-02-01 is before 2027-02-02",
        "10: budgets[1].code: “b” is the code of budgets[0], too",
        "12: benefits[0].budget: needs unit_cost: what a use draws on it",
        "12: benefits[0].valid_days: goes with what is held only: coupon, gift, partner_subscription, points_exchange",
        "13: benefits[1].code: “a” is the code of benefits[0], too",
        "17: benefits[1].budget: there is no budget “c”",
        "20: benefits[1].rules[1].code: “r” is the code of rules[0], too",
    ]


def test_subscription_that_is_redeemed_has_days_since_it_does_not_end_with_the_card() -> None:
    assert found("""\
benefits:
  - {code: a, name: {zh: 甲, en: A}, kind: partner_subscription, rules: [{code: r, plan: annual}]}
  - {code: b, name: {zh: 乙, en: B}, kind: partner_subscription, valid_days: 30, rules: [{code: r, plan: annual}]}
  - {code: c, name: {zh: 丙, en: C}, kind: partner_subscription, rules: [{code: r, plan: annual, automatic: true}]}
""") == [
        "9: benefits[0].valid_days: needs valid_days, or rules that are automatic: "
        "what is redeemed does not end with the card",
    ]


def test_what_is_given_by_itself_takes_neither_stock_nor_budget() -> None:
    words = "goes with neither stock nor budget: what is given by itself takes nothing of them"
    assert found("""\
budgets: [{code: b, name: {zh: 甲, en: A}, amount: 5}]
benefits:
  - {code: a, name: {zh: 甲, en: A}, kind: gift, stock: 5, rules: [{code: r, automatic: true}]}
  - code: b
    name: {zh: 乙, en: B}
    kind: gift
    unit_cost: 1
    budget: b
    rules:
      - {code: r}
      - {code: s, automatic: true}
""") == [
        f"10: benefits[0].rules[0].automatic: {words}",
        f"18: benefits[1].rules[1].automatic: {words}",
    ]


def test_a_choice_group_has_what_it_promises() -> None:
    assert found("""\
benefits:
  - {code: a, name: {zh: 甲, en: A}, kind: gift, rules: [{code: r, choice_group: g}]}
  - {code: b, name: {zh: 乙, en: B}, kind: gift}
  - {code: c, name: {zh: 丙, en: C}, kind: gift, rules: [{code: r, plan: annual, choice_group: g}]}
choice_groups:
  - code: g
    name: {zh: 选, en: Pick}
    picks: 4
    cost_cap: 10
    options:
      - {benefit: a, default: true, cost: 6}
      - {benefit: b, default: true, cost: 6}
      - {benefit: a, cost: 11}
      - {benefit: x}
""") == [
        "9: benefits[0].rules[0].choice_group: one chooses for the term of a card in it: "
        "the rule has to be a plan's",
        "11: benefits[2].rules[0].choice_group: “c” is no option of it",
        "19: choice_groups[0].options[1].benefit: no rule of “b” names this choice group",
        "19: choice_groups[0].options[1].default: goes with deadline_days: defaults hold when it is over",
        "19: choice_groups[0].options[1].default: the defaults cost 12 together, more than cost_cap",
        "20: choice_groups[0].options[2].benefit: “a” is the benefit of options[0], too",
        "20: choice_groups[0].options[2].cost: is more than cost_cap: it could never be chosen",
        "21: choice_groups[0].options[3].benefit: there is no benefit “x”",
    ]


def test_there_are_not_more_defaults_or_picks_than_can_be() -> None:
    assert found("""\
benefits:
  - {code: a, name: {zh: 甲, en: A}, kind: gift, rules: [{code: r, choice_group: g}]}
  - {code: b, name: {zh: 乙, en: B}, kind: gift, rules: [{code: r, choice_group: g}]}
choice_groups:
  - code: g
    name: {zh: 选, en: Pick}
    window: month
    deadline_days: 5
    options: [{benefit: a, default: true}, {benefit: b, default: true}]
  - {code: h, name: {zh: 选, en: Pick}, window: month, picks: 3, options: []}
""") == [
        "17: choice_groups[1].options: must not be empty",
    ]
    assert found("""\
benefits:
  - {code: a, name: {zh: 甲, en: A}, kind: gift, rules: [{code: r, choice_group: g}]}
  - {code: b, name: {zh: 乙, en: B}, kind: gift, rules: [{code: r, choice_group: g}]}
choice_groups:
  - code: g
    name: {zh: 选, en: Pick}
    window: month
    deadline_days: 5
    options: [{benefit: a, default: true}, {benefit: b, default: true}]
""") == ["16: choice_groups[0].options[1].default: there are more defaults than may be chosen (1)"]

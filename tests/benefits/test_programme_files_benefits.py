"""Benefits by a programme file: told in words and for how many members, versioned by days, retired, never deleted."""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.utils import translation

from benefits.models import (
    Benefit,
    BenefitRule,
    BenefitStock,
    Budget,
    Choice,
    ChoiceGroup,
    ChoiceOption,
    FormerChoiceGroup,
)
from memberships.models import Member, Programme
from memberships.programme_files.documents import changes_of, check_against_tables
from memberships.programme_files.faults import ProgrammeFileError
from memberships.services.subscriptions import join
from tests.benefits.benefit_stories import a_wallet_of, chosen, used
from tests.benefits.programme_file_stories import (
    BUDGET,
    CONSULTATION,
    COUPON,
    MAGAZINES,
    PICK,
    beneficial,
    but,
    with_benefits,
)
from tests.memberships.factories import TODAY, a_person
from tests.memberships.programme_stories import applied, told

pytestmark = pytest.mark.django_db
TOMORROW = TODAY + timedelta(days=1)
MARCH = date(2027, 3, 1)


@pytest.fixture(autouse=True)
def _in_english() -> Iterator[None]:
    with translation.override("en"):
        yield


def with_card(programme: Programme) -> Member:
    """Somebody who bought the club's card today."""
    return join(a_person(), programme.plans.get(), on=TODAY, actor=None).member


def days(code: str, *, benefit: str = "consultation") -> list[tuple[int | None, date, date | None]]:
    """Quota and days of each version of a rule."""
    rules = BenefitRule.objects.filter(code=code, benefit__code=benefit).order_by("starts_on")
    return [(rule.quota, rule.starts_on, rule.ends_on) for rule in rules]


def refused(document: object, *, on: date = TODAY) -> str:
    with pytest.raises(ProgrammeFileError) as refusal:
        check_against_tables(document, on=on)  # type: ignore[arg-type]
    return str(refusal.value)


def test_new_benefits_say_who_has_how_much_of_them() -> None:
    assert told(beneficial())[8:] == [
        "New budget “Coupons”: 10,000 CNY from 2027-01-15",
        "New benefit “Consultation” (service)",
        "Benefit “Consultation”: new rule “annual”: card “annual”, 12 per year from the day the right began, "
        "from 2027-01-15; 0 members",
        "New benefit “Coupon” (coupon)",
        "Benefit “Coupon”: 1,000 units from now on",
        "Benefit “Coupon”: new rule “gold”: tier “gold”, 1 per month, from 2027-01-15; 0 members",
        "Benefit “Coupon”: new rule “all”: all who are enrolled, 1 in all, 500 points each, from 2027-01-15; 0 members",
        "New benefit “News” (partner subscription)",
        "Benefit “News”: new rule “annual”: card “annual”, as often as one likes, if chosen in “pick”, "
        "given by itself, from 2027-01-15; 0 members",
        "New benefit “Sports” (partner subscription)",
        "Benefit “Sports”: new rule “annual”: card “annual”, as often as one likes, if chosen in “pick”, "
        "given by itself, from 2027-01-15; 0 members",
        "New choice group “One of two”: 1 of 2 per term of the card: news, sports",
    ]


def test_what_was_applied_is_there_and_changes_nothing_the_second_time() -> None:
    applied(beneficial())
    coupon = Benefit.objects.select_related("budget").get(code="coupon")
    assert coupon.budget == Budget.objects.get()
    assert (coupon.terms, coupon.unit_cost, coupon.stock.total) == ({"amount": "58"}, Decimal("3.5"), 1000)
    gold, everybody = coupon.rules.select_related("tier").order_by("pk")
    assert (gold.tier and gold.tier.code, everybody.tier, everybody.points_price) == ("gold", None, 500)
    assert {rule.choice_group for rule in BenefitRule.objects.filter(benefit__code__in=["news", "sports"])} == {
        ChoiceGroup.objects.get(code="pick", name="二选一", deadline_days=30)
    }
    assert told(beneficial()) == told(beneficial(), on=TOMORROW) == []


def test_a_quota_that_was_used_goes_on_in_a_new_version_and_says_for_how_many() -> None:
    programme = applied(beneficial())
    member = with_card(programme)
    with_card(programme)
    used(member, BenefitRule.objects.get(code="annual", benefit__code="consultation"))
    fewer = beneficial(benefits=[but(CONSULTATION, rules={"quota": 6}), COUPON, *MAGAZINES])
    (change,) = changes_of(fewer, on=MARCH)
    assert change.words == "Benefit “Consultation”, rule “annual”: from 2027-03-01 quota 12 → 6; 2 members"
    assert change.figures == {"members": 2}
    applied(fewer, on=MARCH)
    assert days("annual") == [(12, TODAY, date(2027, 2, 28)), (6, MARCH, None)]


def test_a_rule_used_on_the_day_of_its_change_changes_on_the_next_day() -> None:
    programme = applied(beneficial())
    used(with_card(programme), BenefitRule.objects.get(code="annual", benefit__code="consultation"))
    applied(beneficial(benefits=[but(CONSULTATION, rules={"quota": None, "window": None}), COUPON, *MAGAZINES]))
    assert days("annual") == [(12, TODAY, TODAY), (None, TOMORROW, None)]


def test_a_rule_that_nobody_used_yet_is_written_anew_on_its_first_day() -> None:
    applied(beneficial())
    unlimited = beneficial(benefits=[but(CONSULTATION, rules={"quota": None, "window": None}), COUPON, *MAGAZINES])
    assert told(unlimited) == [
        "Benefit “Consultation”, rule “annual”: quota 12 → no limit, window year → ever; 0 members"
    ]
    applied(unlimited)
    assert days("annual") == [(None, TODAY, None)]


def test_a_higher_tier_s_members_are_counted_where_the_rule_is_for_them_too() -> None:
    programme = applied(beneficial())
    for _member in range(3):
        a_wallet_of(a_person(), programme=programme)
    basic = {"code": "basic", "tier": {"group": "levels", "code": "basic"}, "and_above": True}
    for_both = {**CONSULTATION, "rules": [*CONSULTATION["rules"], basic]}
    assert told(beneficial(benefits=[for_both, COUPON, *MAGAZINES])) == [
        "Benefit “Consultation”: new rule “basic”: tier “Basic” and above, as often as one likes, "
        "from 2027-01-15; 3 members"
    ]


def test_a_benefit_s_own_facts_change_in_place_and_its_terms_are_told_one_by_one() -> None:
    applied(beneficial())
    dearer = but(COUPON, unit_cost="4", terms={"amount": "60", "minimum_spend": "200"})
    assert told(beneficial(benefits=[CONSULTATION, dearer, *MAGAZINES])) == [
        "Benefit “Coupon”: cost (CNY) 3.5 → 4, amount 58 → 60, minimum_spend as usual → 200; "
        "so does what 0 members hold of it"
    ]
    applied(beneficial(benefits=[CONSULTATION, dearer, *MAGAZINES]))
    assert Benefit.objects.get(code="coupon").terms == {"amount": "60", "minimum_spend": "200"}


def test_a_benefit_left_out_is_retired_its_rules_end_and_it_can_come_back() -> None:
    programme = applied(beneficial())
    with_card(programme)
    without = beneficial(benefits=[COUPON, *MAGAZINES])
    assert told(without, on=MARCH) == [
        "Benefit “Consultation” is retired",
        "Benefit “Consultation”: rule “annual” ends, its last day is 2027-02-28; 1 members",
    ]
    applied(without, on=MARCH)
    assert Benefit.objects.get(code="consultation").retired_on == MARCH
    assert days("annual") == [(12, TODAY, date(2027, 2, 28))]
    assert told(without, on=MARCH) == []
    later = date(2027, 5, 1)
    applied(beneficial(), on=later)
    assert Benefit.objects.get(code="consultation").retired_on is None
    assert days("annual") == [(12, TODAY, date(2027, 2, 28)), (12, later, None)]


def test_a_rule_that_is_over_cannot_begin_to_name_a_group() -> None:
    """It would not be written, and the option would be left without a rule."""
    applied(beneficial())
    over = but(CONSULTATION, rules={"choice_group": "pick", "ends_on": "2027-01-10"})
    group = {**PICK, "options": [*PICK["options"], {"benefit": "consultation"}]}
    assert refused(beneficial(benefits=[over, COUPON, *MAGAZINES], choice_groups=[group])) == (
        "benefits[0].rules[0].choice_group: it is over before that day: it cannot begin to name a choice group"
    )


def test_a_benefit_never_becomes_one_of_another_kind() -> None:
    applied(beneficial())
    assert refused(beneficial(benefits=[but(CONSULTATION, kind="gift"), COUPON, *MAGAZINES])) == (
        "benefits[0].kind: “Consultation” is a service and stays one: another kind is another benefit, "
        "with another code"
    )


def test_a_rule_that_holds_cannot_begin_later() -> None:
    applied(beneficial())
    later = but(CONSULTATION, rules={"starts_on": "2027-06-01"})
    assert refused(beneficial(benefits=[later, COUPON, *MAGAZINES]), on=MARCH) == (
        "benefits[0].rules[0].starts_on: it holds since 2027-01-15: it cannot begin later"
    )


def test_the_stock_is_the_desk_s_once_it_is_there() -> None:
    applied(beneficial())
    BenefitStock.objects.update(total=1500)
    assert told(beneficial(benefits=[CONSULTATION, but(COUPON, stock=10), *MAGAZINES])) == []
    applied(beneficial(benefits=[CONSULTATION, but(COUPON, stock=None), *MAGAZINES]))
    assert BenefitStock.objects.get().total == 1500


def test_units_that_were_used_before_the_file_counts_them_are_taken() -> None:
    programme = applied(beneficial(benefits=[CONSULTATION, but(COUPON, stock=None), *MAGAZINES]))
    used(with_card(programme), BenefitRule.objects.get(code="gold"), quantity=10)
    assert refused(beneficial(benefits=[CONSULTATION, but(COUPON, stock=9), *MAGAZINES])) == (
        "benefits[1].stock: 10 units were used already: there cannot be fewer in all"
    )
    applied(beneficial(benefits=[CONSULTATION, but(COUPON, stock=12), *MAGAZINES]))
    stock = BenefitStock.objects.get()
    assert (stock.total, stock.taken) == (12, 10)


def test_a_budget_cannot_become_less_than_was_spent_and_ends_when_it_is_left_out() -> None:
    applied(beneficial())
    Budget.objects.update(spent=Decimal("812.5"))
    assert refused(beneficial(budgets=[{**BUDGET, "amount": "800"}])) == (
        "budgets[0].amount: 812.5 CNY of it are spent already"
    )
    assert told(beneficial(budgets=[{**BUDGET, "amount": "900"}])) == ["Budget “Coupons”: amount (CNY) 10,000 → 900"]
    unbounded = beneficial(budgets=None, benefits=[CONSULTATION, but(COUPON, budget=None), *MAGAZINES])
    assert told(unbounded, on=MARCH) == [
        "Budget “Coupons” ends; its last day is 2027-02-28", "Benefit “Coupon”: budget Coupons → none",
    ]
    applied(unbounded, on=MARCH)
    assert Budget.objects.get().ends_on == date(2027, 2, 28)


def a_choice(programme: Programme, *, until: date | None = date(2028, 1, 15)) -> Choice:
    """Sports, chosen today by somebody with a card, for its term."""
    group, sports = ChoiceGroup.objects.get(), Benefit.objects.get(code="sports")
    return chosen(with_card(programme), group, sports, window_from=TODAY, window_until=until)


def test_an_option_that_members_chose_stays_until_their_windows_are_over() -> None:
    a_choice(applied(beneficial()))
    news_only = {"benefits": [CONSULTATION, COUPON, MAGAZINES[0]]}
    without = beneficial(choice_groups=[{**PICK, "options": PICK["options"][:1]}], **news_only)
    assert refused(without, on=MARCH) == (
        "choice_groups[0].options: “Sports” is chosen by 1 members for a time that still runs: "
        "it cannot go before 2028-01-15, unless they exchanged it"
    )
    gone = beneficial(choice_groups=None, benefits=[CONSULTATION, COUPON])
    assert "“One of two” is chosen by 1 members" in refused(gone, on=MARCH)
    by_month = beneficial(choice_groups=[{**PICK, "window": "month"}])
    assert "choice_groups[0].window: cannot change: “One of two” is chosen by 1 members" in refused(by_month, on=MARCH)
    after = date(2028, 1, 15)
    assert told(without, on=after)[-1] == "Choice group “One of two”: option “Sports” goes"
    applied(without, on=after)
    assert [option.benefit.code for option in ChoiceOption.objects.select_related("benefit")] == ["news"]
    applied(gone, on=after)
    assert ChoiceGroup.objects.get().retired_on == after


def test_an_exchanged_option_may_go_and_one_without_an_end_may_not() -> None:
    choice = a_choice(applied(beneficial()), until=None)
    without = beneficial(
        choice_groups=[{**PICK, "options": PICK["options"][:1]}], benefits=[CONSULTATION, COUPON, MAGAZINES[0]]
    )
    assert refused(without, on=MARCH).endswith("it cannot go before they exchanged it")
    choice.swapped_on = MARCH
    choice.save(update_fields=["swapped_on"])
    check_against_tables(without, on=MARCH)


def test_options_change_places_costs_and_defaults_and_say_so() -> None:
    applied(beneficial())
    options = [{"benefit": "sports", "cost": "18"}, {"benefit": "news"}]
    turned = {**PICK, "picks": 2, "cost_cap": "40", "options": options}
    assert told(beneficial(choice_groups=[turned])) == [
        "Choice group “One of two”: may be chosen 1 → 2, highest cost (CNY) 20 → 40",
        "Choice group “One of two”, option “Sports”: cost (CNY) 20 → 18",
        "Choice group “One of two”, option “News”: default yes → no, cost (CNY) 12 → 0",
        "Choice group “One of two”: the order is Sports, News",
    ]
    applied(beneficial(choice_groups=[turned]))
    assert list(ChoiceOption.objects.order_by("rank").values_list("benefit__code", "rank")) == [
        ("sports", 1), ("news", 2)
    ]
    assert told(beneficial(choice_groups=[turned])) == []
    before = FormerChoiceGroup.objects.get()
    assert (before.until, before.picks, before.cost_cap) == (TODAY, 1, 20)
    codes = dict(Benefit.objects.values_list("pk", "code"))
    assert [(codes[option["benefit"]], option["is_default"], option["cost"]) for option in before.options] == [
        ("news", True, "12.00"), ("sports", False, "20.00")
    ]


def test_a_programme_of_benefits_alone_is_one() -> None:
    programme = applied(with_benefits(CONSULTATION))
    assert [benefit.code for benefit in programme.benefits.all()] == ["consultation"]

"""180 days of replacing instead of repairing, and returns and exchanges on site: with the sources' figures."""

from datetime import date, timedelta

import pytest
from django.utils import translation

from benefits.after_sales import Answer, Purchase, Refusal, Right, after_sales_answer
from benefits.errors import AfterSalesQuestionError
from benefits.kinds import filled_terms

BOUGHT = date(2027, 1, 15)
LAST = date(2027, 7, 14)  # 180 days later
REPLACE = Right(
    "replace-180", "180-day replacement",
    filled_terms("after_sales", {
        "remedies": ["replace"], "faults": ["quality"], "days": 180, "self_operated_only": True,
        "categories": ["手机", "家电", "数码", "电脑"],
    }),
    "annual card",
)
ON_SITE = Right(
    "on-site", "on-site returns and exchanges",
    filled_terms("after_sales", {"remedies": ["return", "exchange"], "on_site": True}),
)


@pytest.fixture(autouse=True)
def _english() -> None:
    """The words that these stories quote."""
    translation.activate("en")


def asked(
    *rights: Right, on: date = BOUGHT, category: str = "手机", own: bool = True, fault: str = "quality",
    remedy: str = "replace",
) -> Answer:
    return after_sales_answer(rights, Purchase(BOUGHT, category, own, remedy, fault), on=on)


@pytest.mark.parametrize("category", ["手机", "家电", "数码", "电脑"])
@pytest.mark.parametrize("on", [BOUGHT, LAST])
def test_phone_with_a_fault_of_quality_is_replaced_until_the_180th_day(category: str, on: date) -> None:
    answer = asked(REPLACE, on=on, category=category)
    assert answer.is_yes
    assert (answer.right, answer.last_day) == (REPLACE, LAST)


def test_yes_says_by_which_right_and_until_when() -> None:
    assert asked(REPLACE).reason == (
        "“180-day replacement” was held on the day of purchase, 2027-01-15; it counts for 180 days, until 2027-07-14"
    )


def test_day_of_purchase_is_not_counted() -> None:
    assert BOUGHT + timedelta(days=180) == LAST
    assert REPLACE.last_day(date(2027, 12, 31)) == date(2028, 6, 28)  # over a 29 February


def test_a_day_too_late_is_a_no_with_the_last_day() -> None:
    answer = asked(REPLACE, on=LAST + timedelta(days=1))
    assert (answer.is_yes, answer.refusal, answer.last_day) == (False, Refusal.TOO_LATE, LAST)


@pytest.mark.parametrize(
    ("facts", "refusal"),
    [
        ({"own": False}, Refusal.NOT_SELF_OPERATED), ({"category": "图书"}, Refusal.CATEGORY),
        ({"category": ""}, Refusal.CATEGORY), ({"fault": "any"}, Refusal.FAULT),
        ({"remedy": "return"}, Refusal.REMEDY),
    ],
)
def test_what_the_right_is_not_for_is_refused_with_the_reason(facts: dict[str, object], refusal: Refusal) -> None:
    answer = asked(REPLACE, **facts)  # type: ignore[arg-type]
    assert (answer.is_yes, answer.refusal, answer.right) == (False, refusal, REPLACE)
    assert answer.reason


def test_member_without_the_right_on_the_day_of_purchase_gets_a_no() -> None:
    answer = asked()
    assert (answer.is_yes, answer.refusal, answer.right) == (False, Refusal.NO_RIGHT, None)


def test_goods_are_returned_and_exchanged_where_they_are() -> None:
    for remedy in ("return", "exchange"):
        answer = asked(REPLACE, ON_SITE, remedy=remedy, category="图书", own=False, fault="any")
        assert answer.is_yes and answer.is_on_site
        assert answer.last_day is None


def test_refusal_is_that_of_the_right_that_came_nearest() -> None:
    answer = asked(REPLACE, ON_SITE, on=LAST + timedelta(days=1))
    assert (answer.right, answer.refusal) == (REPLACE, Refusal.TOO_LATE)


def test_of_two_rights_the_one_that_lasts_longest_answers() -> None:
    shorter = Right("replace-30", "30 days", {**REPLACE.terms, "days": 30})
    assert asked(shorter, REPLACE).right == REPLACE
    assert asked(REPLACE, shorter, on=BOUGHT + timedelta(days=31)).right == REPLACE


def test_questions_that_make_no_sense_are_refused_by_name() -> None:
    with pytest.raises(AfterSalesQuestionError, match="not yet bought"):
        asked(REPLACE, on=BOUGHT - timedelta(days=1))
    with pytest.raises(AfterSalesQuestionError, match="no such remedy"):
        asked(REPLACE, remedy="repair")
    with pytest.raises(AfterSalesQuestionError, match="no such reason"):
        asked(REPLACE, fault="colour")


def test_answer_is_told_in_chinese_when_the_reader_reads_it() -> None:
    with translation.override("zh-hans"):
        assert "购买当天" in asked(REPLACE).reason

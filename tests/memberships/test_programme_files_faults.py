"""What is wrong with a programme file is said by file, line and path, in plain words; nothing is guessed."""

from collections.abc import Iterator

import pytest
from django.utils import translation

from tests.memberships.programme_stories import club, faults, text
from tests.programmes.stories import text_of


@pytest.fixture(autouse=True)
def _in_english() -> Iterator[None]:
    with translation.override("en"):
        yield


def stars(old: str, new: str) -> list[str]:
    """Faults of the file of the store stars with one thing written otherwise."""
    source = text_of("jd-store-stars")
    assert old in source
    return faults(source.replace(old, new, 1), "stars.yaml")


def test_a_threshold_below_the_one_before_names_line_path_and_both_figures() -> None:
    assert stars("threshold: 200000", "threshold: 90000") == [
        "stars.yaml:24: tiers[3].threshold: 90000 is below tiers[2]'s 100000"
    ]
    assert stars("threshold: 200000", "threshold: 100000") == [
        "stars.yaml:24: tiers[3].threshold: 100000 is that of tiers[2], too"
    ]


def test_every_fault_is_named_at_once_in_the_order_of_the_lines() -> None:
    source = text_of("jd-store-stars").replace("rounding: down", "rounding: sideways")
    found = faults(source.replace("audience: enterprise", "audience: firms"), "s.yaml")
    assert [line.split(":")[1] for line in found] == sorted((line.split(":")[1] for line in found), key=int)
    assert "s.yaml:9: programme.audience: “firms” is none of: person, enterprise" in found
    assert any("rounding: “sideways” is none of: down, half_up, up" in line for line in found)


@pytest.mark.parametrize(("old", "new", "fault"), [
    ("enrols: store", "enrolls: store", "11: programme.enrolls: there is no such key; is “enrols” meant?"),
    ("audience: enterprise", "audience: person", "11: programme.enrols: only enterprises have stores"),
    (
        "code: jd-store-stars", "code: JD stars",
        "7: programme.code: “JD stars” is no code: letters, digits, - and _ only, 64 at the most",
    ),
    ("  audience: enterprise\n", "", "6: programme.audience: is missing"),
    ("threshold: 35000", "threshold: 35000.5", "22: tiers[1].threshold: 35000.5 is not a whole number"),
    ("threshold: 35000", "threshold: many", "22: tiers[1].threshold: “many” is not a whole number"),
    ("threshold: 35000", "threshold: -1", "22: tiers[1].threshold: -1 is less than 0"),
    ("window: cumulative", "window:", "16: tier_groups[0].window: has no value: write one, or leave the line out"),
    (
        "group: stars, code: star-2", "group: moons, code: star-2",
        "22: tiers[1].group: there is no tier group “moons”",
    ),
    ("code: star-2", "code: star-1", "22: tiers[1].code: “star-1” is the code of tiers[0], too"),
    ("code: star-2, ", "code: star-2, plan: gold, ", "22: tiers[1].plan: there is no plan “gold”"),
    (
        "window: cumulative", "window: rolling_months",
        "14: tier_groups[0].window_months: belongs to the window rolling_months, and to no other",
    ),
    (
        "downgrade: none", "downgrade: one_step",
        "17: tier_groups[0].downgrade: points that count from the beginning never become less: none",
    ),
    ("kind: never", "kind: months", "28: points.expiry.months: is missing: it goes with months"),
    ("kind: never", "kind: never, day: 31", "28: points.expiry.day: does not go with never"),
    (
        "kind: never", "kind: fixed_date, month: 2, day: 30, years: 1",
        "28: points.expiry.day: the month has no such day",
    ),
    (
        "points_per_yuan: 1\n", "points_per_yuan: 0.12345\n",
        "31: points.earn_rules[0].points_per_yuan: 0.12345 has more than 4 decimals",
    ),
    (
        "rounding: down", "starts_on: 2027-02-29",
        "34: points.earn_rules[0].starts_on: “2027-02-29” is no date; a date is written as 2027-01-15",
    ),
])
def test_each_fault_has_its_line_and_its_words(old: str, new: str, fault: str) -> None:
    assert stars(old, new)[0] == f"stars.yaml:{fault}"


@pytest.mark.parametrize(("source", "fault"), [
    ("", " The file is empty."),
    ("- 1\n", "1: this list is not a block of keys"),
    ("programme:\n\tcode: x\n", "2: There is a tab: lines are indented by spaces."),
    ("plans: []\nplans: []\n", "2: plans: The key stands here for the second time; the first is in line 1."),
    ("plans: &all []\ntiers: *all\n", "1: plans: Anchors and aliases (& and *) are not used in programme files."),
    ("plans: !!python/name:os.system\n", "1: plans: Tags (!) are not used in programme files."),
    ("plans: []\n---\nplans: []\n", "2: A file holds one document: there is a second one here."),
    (
        "plans: 'open\n",
        "2: This cannot be read as YAML: look at the indentation, colons and quotation marks here or above.",
    ),
    ("plans: \x07\n", "1: There is a character that cannot be read."),
    ('plans: "\\ud800"\n', "1: plans: There is a character that cannot be read."),
])
def test_what_is_no_plain_yaml_is_refused(source: str, fault: str) -> None:
    assert faults(source, "club.yaml") == [f"club.yaml:{fault}"]


def test_a_bomb_of_aliases_is_refused_at_its_first_anchor() -> None:
    pairs = zip("abcdefgh", "bcdefghi", strict=True)
    bomb = "a: &a [x, x]\n" + "".join(f"{key}: &{key} [*{last}, *{last}]\n" for last, key in pairs)
    assert faults(bomb)[0].startswith("programmes/club.yaml:1: a: Anchors and aliases")


def test_a_huge_or_a_bottomless_file_is_refused() -> None:
    assert faults("#" * 1_048_577) == ["programmes/club.yaml: The file is larger than 1 MB."]
    assert "nested too deeply" in faults("[" * 10_000)[0]


def test_two_earn_rules_for_the_same_orders_on_the_same_days_are_refused() -> None:
    rule = {"points_per_yuan": "1", "qualifying_per_yuan": "1"}
    first = {"code": "spring", **rule, "ends_on": "2027-05-31"}
    summer = {"code": "summer", **rule, "starts_on": "2027-06-01"}
    assert faults(text(club(points={"earn_rules": [first, summer]}))) == []
    summer["starts_on"] = "2027-05-31"
    (found,) = faults(text(club(points={"earn_rules": [first, summer]})))
    assert found.endswith(
        "points.earn_rules[1]: holds for the same orders as points.earn_rules[0], on the same days"
    )


def test_a_fault_is_told_in_chinese_to_those_who_read_it() -> None:
    with translation.override("zh-hans"):
        assert faults("plans: []\n")[0].startswith("programmes/club.yaml:1: programme: ")

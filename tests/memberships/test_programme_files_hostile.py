"""Wrong files of every kind, by the command and at the desk: refused with their place, in both languages."""

from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import translation
from django.utils.html import escape

from memberships.admin.display import today
from memberships.models import Programme, ProgrammeRevision
from operations.models import Approval, User
from tests.memberships.admin_pages import signed_in
from tests.programmes.stories import a_manager

pytestmark = pytest.mark.django_db
PAGES = "/admin/memberships/programmerevision/"
CLUB = """programme:
  code: club
  name: {zh: 俱乐部, en: Club}
  audience: person
tier_groups:
  - code: levels
    name: {zh: 等级, en: Levels}
    window: calendar_year
    downgrade: one_step
tiers:
  - {group: levels, code: basic, name: {zh: 普通, en: Basic}, threshold: 0}
  - {group: levels, code: silver, name: {zh: 白银, en: Silver}, threshold: 2000}
  - {group: levels, code: gold, name: {zh: 黄金, en: Gold}, threshold: 6000}
plans:
  - code: annual
    name: {zh: 年卡, en: Annual card}
    price: 99
    term_months: 12
points:
  earn_rules:
    - code: spend
      points_per_yuan: 1
      qualifying_per_yuan: 1
"""
BOMB = "a: &a [x, x]\n" + "".join(
    f"{key}: &{key} [*{last}, *{last}]\n" for last, key in zip("abcdefgh", "bcdefghi", strict=True)
)


def club(old: str, new: str) -> bytes:
    """The club's file with one thing written otherwise."""
    assert old in CLUB
    return CLUB.replace(old, new, 1).encode()


#: What the file holds, and the place that its first fault names: line and path, as far as there is one.
KINDS: dict[str, tuple[bytes, str]] = {
    # No YAML, or no plain one.
    "empty": (b"", ""),
    "only a comment": (b"# to be written\n", ""),
    "a list": (b"- 1\n", "1"),
    "a web page": (b"<!DOCTYPE html><html><body>Sign in</body></html>", "1"),
    "a colon too many": (club("code: club", "code: club: x"), "2"),
    "an open bracket": (club("en: Club}", "en: Club"), "4"),
    "an open quotation mark": (club("code: club", "code: 'club"), "24"),
    "crooked indentation": (club("  audience", " audience"), "4"),
    "a tab": (club("  audience", "\taudience"), "4"),
    "a key twice": (club("  audience: person", "  audience: person\n  audience: person"), "5: programme.audience"),
    "a section twice": (f"{CLUB}plans: []\n".encode(), "24: plans"),
    "a key that is a list": (club("  audience", "  ? [a, b]\n  : c\n  audience"), "4: programme"),
    "a key without a name": (club("  audience", "  : x\n  audience"), "4: programme"),
    "an anchor": (club("name: {zh: 等级", "name: &n {zh: 等级"), "7: tier_groups[0].name"),
    "an alias": (club("window: calendar_year", "window: *w"), "8: tier_groups[0].window"),
    "a bomb of aliases": (BOMB.encode(), "1: a"),
    "a tag": (club("code: club", "code: !!python/object/apply:os.system [ls]"), "2: programme.code"),
    "two documents": (f"{CLUB}---\n{CLUB}".encode(), "24"),
    "a bell": (f"{CLUB}# \x07".encode(), "24"),
    "a null character": (f"{CLUB}\x00".encode(), "24"),
    "an escaped null character": (club("en: Club", 'en: "a\\0b"'), "3: programme.name.en"),
    "half a character": (club("en: Club", 'en: "\\ud800"'), "3: programme.name.en"),
    # Bytes and sizes.
    "GBK": (CLUB.encode("gbk"), "3"),
    "UTF-16": (CLUB.encode("utf-16"), "1"),
    "a picture": (b"\x89PNG\r\n\x1a\n\x00\x00", "1"),
    "cut off within a character": (CLUB.encode()[:45], "3"),
    "more than a megabyte": (b"#" * 1_048_577, ""),
    "ten megabytes": (b"a: b\n" * 2_000_000, ""),
    "without a bottom": (b"[" * 10_000, "1: " + "[0]" * 13),
    "far too many keys": ("".join(f"k{number}: 1\n" for number in range(60_000)).encode(), "10000: k9999"),
    # A mark at the beginning hides no fault.
    "a mark, then a fault": (b"\xef\xbb\xbf" + club("code: club", "code: a club"), "2: programme.code"),
    # Unknown keys at each level.
    "unknown section": (f"{CLUB}benefitz: []\n".encode(), "24: benefitz"),
    "unknown key of the programme": (club("  audience", "  colour: red\n  audience"), "4: programme.colour"),
    "unknown key of a tier": (club("threshold: 2000", "threshold: 2000, colour: red"), "12: tiers[1].colour"),
    "unknown key of a name": (club("en: Club}", "en: Club, fr: Club}"), "3: programme.name.fr"),
    "unknown key of a rule": (club("      points_per", "      colour: red\n      points_per"),
                              "22: points.earn_rules[0].colour"),
    "a merge key": (club("  audience: person", "  audience: person\n  <<: {enrols: store}"), "5: programme.<<"),
    # Values.
    "no value": (club("code: club", "code:"), "2: programme.code"),
    "a number for a code": (club("code: club", "code: 2027"), "2: programme.code"),
    "a line's end in a code": (club("code: club", "code: |\n    club"), "2: programme.code"),
    "a code too long": (club("code: club", "code: " + "c" * 65), "2: programme.code"),
    "a name of spaces": (club("en: Club", 'en: "   "'), "3: programme.name.en"),
    "a name of two lines": (club("en: Club", 'en: "a\\nb"'), "3: programme.name.en"),
    "a name that turns its line": (club("en: Club", 'en: "a\\u202eb"'), "3: programme.name.en"),
    "a threshold with decimals": (club("threshold: 2000", "threshold: 2000.5"), "12: tiers[1].threshold"),
    "a threshold as a power": (club("threshold: 2000", "threshold: 2e3"), "12: tiers[1].threshold"),
    "a threshold in full width": (club("threshold: 2000", "threshold: ２０００"), "12: tiers[1].threshold"),
    "an endless threshold": (club("threshold: 2000", "threshold: " + "9" * 400), "12: tiers[1].threshold"),
    "a negative threshold": (club("threshold: 2000", "threshold: -1"), "12: tiers[1].threshold"),
    "a negative price": (club("price: 99", "price: -99"), "17: plans[0].price"),
    "a price that is no number": (club("price: 99", "price: .nan"), "17: plans[0].price"),
    "a price with a comma": (club("price: 99", "price: 1,099"), "17: plans[0].price"),
    "no month": (club("term_months: 12", "term_months: 0"), "18: plans[0].term_months"),
    "a negative rate": (club("points_per_yuan: 1", "points_per_yuan: -1"), "22: points.earn_rules[0].points_per_yuan"),
    "a date in words": (club("term_months: 12", "term_months: 12\n    on_sale_from: 1 March 2027"),
                        "19: plans[0].on_sale_from"),
    "a date that is none": (club("term_months: 12", "term_months: 12\n    on_sale_from: 2027-02-30"),
                            "19: plans[0].on_sale_from"),
    "a block for a list": (club("plans:\n  -", "plans:\n   "), "14: plans"),
    "a list for a block": (club("name: {zh: 俱乐部, en: Club}", "name: [俱乐部, Club]"), "3: programme.name"),
    # One entry beside the others.
    "a tier's code twice": (club("code: silver", "code: basic"), "12: tiers[1].code"),
    "a threshold below the one before": (club("threshold: 6000", "threshold: 1000"), "13: tiers[2].threshold"),
    "a tier of no group": (club("group: levels, code: gold", "group: moons, code: gold"), "13: tiers[2].group"),
}
ALL = pytest.mark.parametrize("kind", list(KINDS))
#: One of each way to refuse a file, for what reads all of them in the same way.
SOME = pytest.mark.parametrize("kind", [
    "empty", "a web page", "a tab", "a key twice", "an alias", "a null character", "GBK", "more than a megabyte",
    "ten megabytes", "unknown key of a rule", "a name that turns its line",
    "a threshold below the one before",
])


@pytest.fixture
def manager() -> User:
    return a_manager()


@pytest.fixture
def draft(manager: User) -> ProgrammeRevision:
    """The club's file in order, kept as a draft."""
    sent(signed_in(manager), f"{PAGES}add/", source=CLUB)
    return ProgrammeRevision.objects.get()


def told(*arguments: str, language: str) -> tuple[int, str]:
    """Exit code of the command, and its errors."""
    err = StringIO()
    with translation.override(language):
        try:
            call_command("programme", *arguments, stdout=StringIO(), stderr=err)
        except SystemExit as end:
            return int(end.code or 0), err.getvalue()
        except CommandError as error:
            return error.returncode, str(error)
    raise AssertionError("the command did not say how it ended")


def sent(client: Client, page: str, *, button: str = "save", language: str = "en", **fields: Any) -> Any:
    """What the editor answers."""
    data = {"source": "", "effective_on": today().isoformat(), "note": "", button: "", **fields}
    return client.post(page, data, headers={"accept-language": language})


@ALL
def test_the_command_names_the_place_in_both_languages(kind: str, tmp_path: Path) -> None:
    content, place = KINDS[kind]
    file = tmp_path / "club.yaml"
    file.write_bytes(content)
    begins = f"{file}:{place}: " if place else f"{file}: "
    said = {language: told("validate", str(file), language=language) for language in ("en", "zh-hans")}
    assert [code for code, _words in said.values()] == [1, 1]
    assert all(words.startswith(begins) for _code, words in said.values()), said
    assert said["en"] != said["zh-hans"]


@SOME
def test_diff_and_apply_say_the_same_and_change_nothing(kind: str, manager: User, tmp_path: Path) -> None:
    file = tmp_path / "club.yaml"
    file.write_bytes(KINDS[kind][0])
    said = told("validate", str(file), language="en")
    asked = (str(file), "--user", manager.username, "--reason", "as decided")
    assert told("diff", str(file), language="en") == told("apply", *asked, language="en") == said
    assert not (ProgrammeRevision.objects.exists() or Programme.objects.exists() or Approval.objects.exists())


@SOME
def test_the_desk_shows_the_place_and_keeps_the_draft_as_it_was(kind: str, draft: ProgrammeRevision) -> None:
    content, place = KINDS[kind]
    client = signed_in(a_manager())
    line, _colon, path = place.partition(": ")
    for language in ("en", "zh-hans"):
        upload = SimpleUploadedFile("club.yaml", content or b" ")
        answer = sent(client, f"{PAGES}{draft.pk}/edit/", file=upload, language=language)
        page = answer.content.decode()
        assert answer.status_code == 422, page
        assert line in page and escape(path) in page
    try:
        typed = content.decode()
    except UnicodeDecodeError:
        typed = ""
    if typed:
        answer = sent(client, f"{PAGES}add/", source=typed)
        assert answer.status_code in (422, 400) and (answer.status_code == 422) == (len(typed) < 2_000_000)
    assert ProgrammeRevision.objects.get().source == CLUB


def test_the_file_that_they_all_come_from_is_in_order(draft: ProgrammeRevision, tmp_path: Path) -> None:
    file = tmp_path / "club.yaml"
    for content in (CLUB.encode(), CLUB.encode("utf-8-sig"), CLUB.replace("\n", "\r\n").encode()):
        file.write_bytes(content)
        assert told("validate", str(file), language="en")[0] == 0


def test_of_hundreds_of_faults_the_first_hundred_are_told(tmp_path: Path) -> None:
    file = tmp_path / "club.yaml"
    tiers = "".join(f"  - {{grup: {number}}}\n" for number in range(200))
    file.write_text(f"{CLUB.split('tiers:')[0]}tiers:\n{tiers}", encoding="utf-8")
    _code, words = told("validate", str(file), language="en")
    lines = words.splitlines()
    assert len(lines) == 101 and lines[-1].endswith("700 more faults from here on: mend the ones above first")

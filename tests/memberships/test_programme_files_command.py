"""manage.py programme: what the desk does with programme files, for a shell; with exit codes."""

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.utils import translation

from memberships.management.commands.programme import FOLDER, schema_text
from memberships.models import Programme, ProgrammeRevision
from memberships.programme_files.schema import SCHEMA_FILE
from operations.models import Approval
from tests.memberships.programme_stories import club, text, with_plan
from tests.programmes.stories import a_manager, an_approver, approved

pytestmark = pytest.mark.django_db


def programme(*arguments: str) -> tuple[int, str, str]:
    """Exit code, and what was printed."""
    out, err = StringIO(), StringIO()
    with translation.override("en"):
        try:
            call_command("programme", *arguments, stdout=out, stderr=err)
        except SystemExit as end:
            return int(end.code or 0), out.getvalue(), err.getvalue()
        except CommandError as error:
            return error.returncode, out.getvalue(), str(error)
    raise AssertionError("the command did not say how it ended")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The club's file."""
    path = tmp_path / "club.yaml"
    path.write_text(text(club()), encoding="utf-8")
    return path


def test_a_file_goes_from_validate_to_export(file: Path) -> None:
    assert programme("validate", str(file))[:2] == (0, f"{file}: in order\n")
    code, words, _err = programme("diff", str(file))
    assert (code, words.splitlines()[0]) == (3, "New programme “Club” (club)")
    code, words, _err = programme("apply", str(file), "--user", a_manager().username, "--reason", "it opens")
    assert code == 0 and "club r1 waits for approval" in words
    assert not Programme.objects.exists()

    revision = ProgrammeRevision.objects.get()
    approved(revision, on=revision.effective_on)
    assert programme("diff", str(file))[:2] == (0, "Nothing would change.\n")
    code, exported, _err = programme("export", "club")
    assert code == 0
    file.write_text(exported, encoding="utf-8")
    assert programme("diff", str(file))[:2] == (0, "Nothing would change.\n")


def test_faults_are_told_with_file_and_line_and_end_with_1(file: Path) -> None:
    file.write_text(text(club()).replace("threshold: 2000", "threshold: 9000"), encoding="utf-8")
    for verb in ("validate", "diff"):
        code, _out, err = programme(verb, str(file))
        assert code == 1
        assert err.strip().endswith("tiers[2].threshold: 6000 is below tiers[1]'s 9000")
        assert err.startswith(f"{file}:")
    code, out, _err = programme("validate", str(file), "--json")
    fault = json.loads(out)["faults"][0]
    assert (code, fault["path"], fault["line"] > 0) == (1, "tiers[2].threshold", True)


def test_one_bad_file_of_several_is_enough_to_end_with_1(file: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text("plans: []\n", encoding="utf-8")
    assert programme("validate", str(file), str(bad))[0] == 1


def test_programs_read_json(file: Path) -> None:
    code, out, _err = programme("diff", str(file), "--json", "--effective-on", "2027-03-01")
    said = json.loads(out)
    assert (code, said["code"], said["effective_on"]) == (3, "club", "2027-03-01")
    assert said["changes"][0] == {"words": "New programme “Club” (club)", "figures": {}}


@pytest.mark.parametrize("arguments", [
    ("validate", "/nowhere/x.yaml"),
    ("export", "nothing"),
    ("diff", "FILE", "--effective-on", "soon"),
    ("apply", "FILE", "--user", "nobody", "--reason", "x"),
])
def test_what_is_not_there_ends_with_2(file: Path, arguments: tuple[str, ...]) -> None:
    assert programme(*(str(file) if each == "FILE" else each for each in arguments))[0] == 2


def test_who_may_not_submit_is_refused(file: Path) -> None:
    code, _out, err = programme("apply", str(file), "--user", an_approver().username, "--reason", "x")
    assert code == 2 and "You may not do this." in err
    assert not ProgrammeRevision.objects.exists() and not Approval.objects.exists()


def test_applying_what_is_so_already_asks_for_nothing(file: Path) -> None:
    programme("apply", str(file), "--user", a_manager().username, "--reason", "it opens")
    revision = ProgrammeRevision.objects.get()
    approved(revision, on=revision.effective_on)
    code, words, _err = programme("apply", str(file), "--user", a_manager().username, "--reason", "again")
    assert (code, words.strip()) == (0, "Nothing would change: nothing was asked for.")
    assert ProgrammeRevision.objects.count() == 1


def test_a_later_file_names_its_day(file: Path) -> None:
    file.write_text(text(with_plan(price="129")), encoding="utf-8")
    programme(
        "apply", str(file), "--user", a_manager().username, "--reason", "next century", "--effective-on", "2099-01-01"
    )
    assert ProgrammeRevision.objects.get().effective_on.year == 2099


def test_a_file_is_compared_with_the_approved_one_that_takes_effect_before_it(file: Path) -> None:
    programme("apply", str(file), "--user", a_manager().username, "--reason", "it opens")
    revision = ProgrammeRevision.objects.get()
    approved(revision, on=revision.effective_on)
    file.write_text(text(with_plan(price="129")), encoding="utf-8")
    manager = a_manager().username
    programme("apply", str(file), "--user", manager, "--reason", "dearer", "--effective-on", "2098-01-01")
    approved(ProgrammeRevision.objects.get(number=2), on=revision.effective_on)

    file.write_text(text(with_plan(price="139")), encoding="utf-8")
    code, words, _err = programme("diff", str(file), "--effective-on", "2099-01-01")
    assert code == 3 and words.splitlines()[0] == "Compared with: club r2, which is to take effect on 2098-01-01"
    assert "price (CNY) 129 → 139" in words
    said = json.loads(programme("diff", str(file), "--effective-on", "2099-01-01", "--json")[1])
    assert (said["compared_with"], said["overtakes"]) == ("club r2", [])
    code, words, _err = programme("diff", str(file))
    assert words.splitlines()[0] == "Will not take effect then: club r2, which is to take effect on 2098-01-01"
    assert "price (CNY) 99 → 139" in words

    # The same as the approved one says: nothing is left to change from then on, and nothing is asked for.
    file.write_text(text(with_plan(price="129")), encoding="utf-8")
    assert programme("diff", str(file), "--effective-on", "2099-01-01")[0] == 0
    later = ("--user", manager, "--reason", "again", "--effective-on", "2099-01-01")
    assert "Nothing would change" in programme("apply", str(file), *later)[1]
    # What is in effect now would undo it then, and says so.
    file.write_text(text(club()), encoding="utf-8")
    code, words, _err = programme("apply", str(file), *later)
    assert code == 0 and "Compared with: club r2" in words and "price (CNY) 129 → 99" in words


def test_the_published_schema_is_that_of_the_sections() -> None:
    assert (FOLDER / SCHEMA_FILE).read_text(encoding="utf-8") == schema_text(), "run: manage.py programme schema"


def test_every_shipped_file_names_the_schema_and_is_in_order() -> None:
    files = sorted(FOLDER.glob("*.yaml"))
    assert {file.stem for file in files} == {
        "jd-plus", "jd-plus-enterprise", "jd-store-stars", "jdp", "meituan", "paid-card-template", "taobao",
    }
    for file in files:
        assert file.read_text(encoding="utf-8").startswith(f"# yaml-language-server: $schema={SCHEMA_FILE}\n")
    assert programme("validate", *map(str, files))[0] == 0


def test_schema_can_be_printed_instead_of_written() -> None:
    code, printed, _errors = programme("schema", "--stdout")
    assert code == 0 and printed == (FOLDER / SCHEMA_FILE).read_text(encoding="utf-8") == schema_text()

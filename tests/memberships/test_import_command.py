"""manage.py import_file enterprise-customers: what it prints, what it writes, how it exits."""

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils.translation import override

from memberships.models import CreditRequest, EnterpriseCustomer, Member, MemberContact, Plan, Subscription, Term
from operations.models import ImportBatch, JobRun
from tests.conftest import PROJECT
from tests.customer_files import a_bad_row, a_row, csv_file
from tests.customer_imports import file_of
from tests.memberships.admin_pages import granted
from tests.memberships.factories import an_annual_card, an_operator, jd_plus_enterprise

pytestmark = pytest.mark.django_db
BUSINESS = [Member, EnterpriseCustomer, MemberContact, Subscription, Term, CreditRequest]
Write = Callable[[bytes], Path]


@pytest.fixture(autouse=True)
def classic() -> Plan:
    programme = jd_plus_enterprise()
    an_annual_card(programme, code="premium", name="尊享卡", name_en="Premium card")
    return an_annual_card(programme, code="classic", name="经典卡", name_en="Classic card")


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(content: bytes) -> Path:
        path = tmp_path / "firms.csv"
        path.write_bytes(content)
        return path

    return write


def run(path: Path, *options: str, language: str = "zh-hans") -> tuple[str, int]:
    """What it printed and its exit code."""
    out = io.StringIO()
    with override(language), pytest.raises(SystemExit) as exit_:
        call_command("import_file", "enterprise-customers", str(path), *options, stdout=out)
    assert isinstance(exit_.value.code, int)
    return out.getvalue(), exit_.value.code


def run_json(path: Path, *options: str, language: str = "zh-hans") -> tuple[dict[str, Any], int]:
    printed, code = run(path, "--json", *options, language=language)
    return json.loads(printed), code


def written() -> list[int]:
    return [model._default_manager.count() for model in BUSINESS]


def test_a_check_prints_the_counts_and_writes_nothing(write: Write) -> None:
    printed, code = run_json(write(file_of(a_row(1), a_row(1), a_row(2))))
    assert (printed, code) == (
        {"new": 2, "changed": 0, "unchanged": 0, "invalid": 0, "duplicate": 1, "applied": 0, "errors": []}, 0,
    )
    assert written() == [0] * len(BUSINESS)


def test_apply_writes_the_rows_as_pending_subscriptions_without_payment(write: Write) -> None:
    printed, code = run_json(write(file_of(a_row(1, 申请额度="100"), a_row(2, 申请额度=""))), "--apply")
    assert (printed["new"], printed["applied"], code) == (2, 2, 0)
    assert written() == [2, 2, 2, 2, 0, 1]
    assert set(Subscription.objects.values_list("plan__code", "started_on")) == {("classic", None)}


def test_applying_again_finds_everything_unchanged(write: Write) -> None:
    path = write(file_of(a_row(1)))
    run(path, "--apply")
    printed, code = run_json(path, "--apply")
    assert (printed["unchanged"], printed["applied"], code) == (1, 0, 0)


def test_a_changed_row_is_counted_and_written(write: Write) -> None:
    run(write(file_of(a_row(1))), "--apply")
    printed, code = run_json(write(file_of(a_row(1, 省份="江苏省"))), "--apply")
    assert (printed["changed"], printed["applied"], code) == (1, 1, 0)
    assert EnterpriseCustomer.objects.get().province == "江苏省"


def test_an_invalid_row_is_printed_and_keeps_the_whole_file_out(write: Write) -> None:
    printed, code = run_json(write(file_of(a_row(1), a_bad_row(2))), "--apply", language="en")
    assert (printed["new"], printed["invalid"], printed["applied"], code) == (1, 1, 0, 1)
    assert printed["errors"] == [
        {
            "line": 3, "column": "手机号", "value": "1390000", "code": "bad_mobile",
            "message": "“1390000” is no mainland mobile number (11 digits that begin with 13 to 19).",
        }
    ]
    assert written() == [0] * len(BUSINESS)


def test_with_skip_invalid_the_valid_rows_are_written_and_the_exit_code_stays_1(write: Write) -> None:
    printed, code = run_json(write(file_of(a_row(1), a_bad_row(2))), "--apply", "--skip-invalid")
    assert (printed["applied"], printed["invalid"], len(printed["errors"]), code) == (1, 1, 1, 1)
    assert EnterpriseCustomer.objects.count() == 1


def test_skip_invalid_alone_writes_nothing(write: Write) -> None:
    _printed, code = run_json(write(file_of(a_row(1), a_bad_row(2))), "--skip-invalid")
    assert code == 1
    assert written() == [0] * len(BUSINESS)


def test_a_file_of_invalid_rows_only_is_read_to_its_end(write: Write) -> None:
    path = write(file_of(*(a_bad_row(number) for number in range(1, 31))))
    printed, code = run_json(path, "--apply", "--skip-invalid")
    assert (printed["invalid"], len(printed["errors"]), code) == (30, 30, 1)
    assert [error["line"] for error in printed["errors"]] == list(range(2, 32))


def test_a_header_without_rows_is_valid(write: Write) -> None:
    printed, code = run_json(write(csv_file([])), "--apply")
    assert (printed["new"], printed["errors"], code) == (0, [], 0)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty_file"),
        ("企业名称".encode("utf-16"), "utf16"),
        (b"a\0b", "nul_bytes"),
        (b"\xff\xff", "unknown_encoding"),
        (csv_file([a_row(1)]) + b'"x', "unclosed_quote"),
        (b"1,2,3\n", "no_header"),
        (b"legal name,credit code,plan,Plan Code\n", "header_twice"),
        (b"legal name,credit code,plan,address\n", "unknown_header"),
        (b"legal name,plan\n", "missing_header"),
    ],
)
@pytest.mark.parametrize("options", [(), ("--apply", "--skip-invalid")])
def test_a_refused_file_exits_with_2_and_says_why(
    write: Write, content: bytes, code: str, options: tuple[str, ...]
) -> None:
    printed, exit_code = run_json(write(content), *options)
    assert exit_code == 2
    assert [error["code"] for error in printed["errors"]] == [code]
    assert set(printed["errors"][0]) == {"line", "column", "value", "code", "message"}
    assert sum(printed[name] for name in ("new", "changed", "unchanged", "invalid", "duplicate", "applied")) == 0
    assert written() == [0] * len(BUSINESS)


@pytest.mark.parametrize("name", ["missing.csv", ".", "\udcff.csv"])
def test_a_file_that_cannot_be_opened_exits_with_2_in_the_same_shape(tmp_path: Path, name: str) -> None:
    printed, code = run_json(tmp_path / name)
    assert code == 2
    assert set(printed) == {"new", "changed", "unchanged", "invalid", "duplicate", "applied", "errors"}
    assert [error["code"] for error in printed["errors"]] == ["unreadable_file"]
    assert not ImportBatch.objects.exists()


def test_without_json_people_read_counts_and_reasons(write: Write) -> None:
    printed, code = run(write(file_of(a_row(1), a_bad_row(2))), language="en")
    assert "new: 1" in printed and "invalid: 1" in printed
    assert "line 3, 手机号 “1390000”: “1390000” is no mainland mobile number" in printed
    assert (code, "[bad_mobile]" in printed) == (1, True)
    assert "[unreadable_file]" in run(Path("/nowhere/firms.csv"), language="en")[0]


def test_the_import_stands_under_the_name_of_its_user(write: Write) -> None:
    xiaomei = granted(an_operator(), "memberships.import_enterprisecustomer")
    run(write(file_of(a_row(1))), "--apply", "--user", xiaomei.username)
    assert ImportBatch.objects.get().uploaded_by == JobRun.objects.get(job="apply_import").requested_by


def test_an_unknown_user_or_kind_is_an_error_of_the_call(write: Write) -> None:
    path = str(write(file_of(a_row(1))))
    for arguments in (["enterprise-customers", path, "--user", "nobody"], ["dogs", path]):
        with pytest.raises(CommandError) as error:
            call_command("import_file", *arguments)
        assert error.value.returncode == 2
    assert not ImportBatch.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_the_process_prints_json_and_nothing_else_and_exits_as_it_says(
    write: Write, server_environment: dict[str, str]
) -> None:
    def process(*arguments: str) -> tuple[dict[str, Any], int]:
        command = [sys.executable, "manage.py", "import_file", "enterprise-customers", *arguments, "--json"]
        done = subprocess.run(
            command, cwd=PROJECT, env={**os.environ, **server_environment}, capture_output=True, check=False,
            timeout=120,
        )
        return json.loads(done.stdout), done.returncode

    printed, code = process(str(write(file_of(a_row(1), a_bad_row(2)))), "--apply", "--skip-invalid")
    assert (printed["applied"], printed["errors"][0]["code"], code) == (1, "bad_mobile", 1)
    assert process(str(write(file_of(a_row(1)))))[1] == 0
    assert process("/nowhere.csv")[1] == 2
    assert EnterpriseCustomer.objects.count() == 1

"""manage.py run_job: a job of the night by command, for cron, consoles and scripts."""

import json
from collections.abc import Iterator
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from operations.dates import business_date
from operations.management.commands import run_job
from operations.models import JobRun, User
from operations.services.jobs import cancel_run, start_run
from tests.memberships.admin_pages import granted
from tests.memberships.factories import an_operator
from tests.operations.job_stories import NightlySheep, ShearSheep, a_flock, registered, woolly

pytestmark = pytest.mark.django_db
State = JobRun.State


@pytest.fixture
def shear() -> Iterator[ShearSheep]:
    job = ShearSheep()
    with registered(job):
        yield job


def run(*arguments: Any) -> tuple[int, str, str]:
    """Exit code, what was printed, and what was told meanwhile."""
    out, err = StringIO(), StringIO()
    try:
        call_command("run_job", *map(str, arguments), stdout=out, stderr=err)
    except CommandError as error:
        return error.returncode, out.getvalue(), str(error)
    except SystemExit as end:
        assert isinstance(end.code, int)
        return end.code, out.getvalue(), err.getvalue()
    raise AssertionError("the command says how it ended")


def answer(*arguments: Any) -> tuple[int, dict[str, Any]]:
    code, out, _err = run(*arguments, "--json")
    return code, json.loads(out)


def today() -> Any:
    return business_date(timezone.now())


def test_a_job_is_run_for_today_and_shows_how_far_it_is(shear: ShearSheep) -> None:
    a_flock("white", "white", "black")
    code, out, err = run("shear_sheep")
    made = JobRun.objects.get()
    assert (code, made.business_date, made.scope, made.state) == (0, today(), "", State.SUCCEEDED)
    assert not woolly().exists() and "2" in err and "3" in err
    assert "Shear sheep" in out and "3" in out


def test_as_json_it_says_what_became_of_the_run(shear: ShearSheep) -> None:
    a_flock("white", "white", "black")
    day = today() - timedelta(days=3)
    code, shown = answer("shear_sheep", "--date", day)
    assert code == 0
    assert shown == {
        "run": JobRun.objects.get().pk, "job": "shear_sheep", "date": day.isoformat(), "scope": "",
        "state": "succeeded", "error": "", "total": 3, "done": 3, "failed": 0, "left_out": [], "left_out_count": 0,
    }


def test_run_twice_for_a_date_it_shows_the_first_run_and_runs_again_when_told(shear: ShearSheep) -> None:
    first = answer("shear_sheep", "--date", today())[1]
    assert answer("shear_sheep", "--date", today())[1]["run"] == first["run"]
    a_flock("white")
    code, again = answer("shear_sheep", "--again")
    assert (code, again["scope"], again["done"]) == (0, "again@1", 1)


def test_run_again_before_there_was_a_run_is_the_first_run(shear: ShearSheep) -> None:
    assert answer("shear_sheep", "--again")[1]["scope"] == ""
    assert JobRun.objects.count() == 1


def test_a_dry_run_names_what_would_be_done_and_does_nothing(shear: ShearSheep) -> None:
    white, black, _another = a_flock("white", "black", "white")
    code, shown = answer("shear_sheep", "--dry-run")
    assert (code, shown["scope"], woolly().count()) == (0, "dry-run@1", 3)
    assert shown["summary"] == {
        "items": 3, "owners": 3, "amount": "4.50", "unit": "kg",
        "kinds": {"black": {"items": 1, "amount": "1.50"}, "white": {"items": 2, "amount": "3.00"}},
    }
    assert len(shown["items"]) == 3
    assert shown["items"][1] == {
        "key": black.pk, "record": "sheep-2", "url": f"/admin/operations/user/{black.pk}/change/",
        "owner": black.pk, "kind": "black", "amount": "1.50",
    }
    code, out, _err = run("shear_sheep", "--dry-run")
    assert code == 0 and "4.50 kg" in out and "white wool: 2 3.00 kg" in out and "black: 1" in out
    assert white.last_name == "wool"


def test_an_approved_dry_run_is_executed_and_what_changed_is_named(shear: ShearSheep) -> None:
    _white, black, _other = a_flock("white", "black", "white")
    dry = answer("shear_sheep", "--dry-run")[1]
    User.objects.filter(pk=black.pk).update(first_name="dyed")
    a_flock("white")
    xiaomei = granted(an_operator(), "operations.operate_jobrun")
    code, shown = answer("shear_sheep", "--execute", dry["run"], "--user", xiaomei.username)
    assert (code, shown["done"], shown["failed"], shown["left_out_count"]) == (1, 2, 1, 1)
    assert [item["record"] for item in shown["left_out"]] == ["sheep-2"]
    executed = JobRun.objects.get(pk=shown["run"])
    assert (executed.approved_id, executed.requested_by, executed.scope) == (dry["run"], xiaomei, "")
    assert woolly().count() == 2
    code, out, _err = run("shear_sheep", "--execute", dry["run"])
    assert code == 1 and "sheep-2" in out


def test_a_part_that_failed_ends_with_one_and_is_named(settings: Any) -> None:
    job = NightlySheep()
    with registered(job):
        night = start_run(job.name, business_date=today(), actor=None, at=timezone.now())
        night.chunks.update(attempts=settings.JOB_CHUNK_ATTEMPTS, error="ValueError: a sheep is missing")
        code, out, _err = run(job.name)
        assert code == 1 and "a sheep is missing" in out
        code, shown = answer(job.name)
    assert (code, shown["state"], shown["failed"]) == (1, "failed", 10)


def test_a_cancelled_run_ends_with_three(shear: ShearSheep) -> None:
    a_flock("white")
    night = start_run("shear_sheep", business_date=today(), actor=None, at=timezone.now())
    cancel_run(night, actor=None, at=timezone.now())
    code, shown = answer("shear_sheep")
    assert (code, shown["state"]) == (3, "cancelled")


def test_an_operator_who_does_not_wait_any_longer_leaves_the_run_to_the_workers(
    shear: ShearSheep, monkeypatch: pytest.MonkeyPatch
) -> None:
    def press_ctrl_c(*args: Any) -> JobRun:
        raise KeyboardInterrupt

    a_flock("white")
    monkeypatch.setattr(run_job, "work_through", press_ctrl_c)
    code, shown = answer("shear_sheep")
    assert (code, shown["state"]) == (3, "queued")


@pytest.mark.parametrize(
    "arguments",
    [
        ["count_wolves"], ["check_import"], ["shear_sheep", "--date", "yesterday"],
        ["shear_sheep", "--date", "2999-01-15"], ["shear_sheep", "--date", "2999-01-15", "--dry-run"],
        ["shear_sheep", "--user", "nobody"], ["shear_sheep", "--execute", "999999"],
    ],
)
def test_what_cannot_be_run_ends_with_two_and_a_reason(shear: ShearSheep, arguments: list[str]) -> None:
    code, out, reason = run(*arguments)
    assert code == 2 and reason and not out
    assert not JobRun.objects.exists()


def test_a_job_without_dry_runs_says_so() -> None:
    with registered(NightlySheep()):
        assert run("count_sheep_at_night", "--dry-run")[0] == 2


def test_a_dry_run_that_is_not_the_newest_is_not_executed(shear: ShearSheep) -> None:
    a_flock("white")
    old, _new = answer("shear_sheep", "--dry-run")[1], answer("shear_sheep", "--dry-run")[1]
    assert run("shear_sheep", "--execute", old["run"])[0] == 2
    assert woolly().count() == 1


@pytest.mark.parametrize("arguments", [[], ["--dry-run"], ["--again"]])
def test_a_date_before_all_business_is_refused(shear: ShearSheep, arguments: list[str]) -> None:
    code, _out, err = run("shear_sheep", "--date", "0001-01-01", *arguments)
    assert code == 2 and "1950-01-01" in err
    assert not JobRun.objects.exists()


def test_what_was_not_done_ends_with_one_though_every_chunk_is_done(shear: ShearSheep) -> None:
    a_flock("white")
    made = answer("shear_sheep")[1]
    JobRun.objects.filter(pk=made["run"]).update(done=0, failed=1)
    code, shown = answer("shear_sheep")
    assert (code, shown["state"], shown["failed"]) == (1, "succeeded", 1)

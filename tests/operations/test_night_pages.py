"""The last nights at a glance: what on-call looks at first."""

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation

from operations.admin.night_pages import Cell, nights_page
from operations.models import JobRun
from operations.services.jobs import cancel_run, start_run
from operations.services.nights import last_night, run_again
from operations.tasks import work_on_run
from tests.operations.job_stories import DAY, CountSheep, NightlySheep, at_night, fresh, registered
from tests.operations.run_pages import LIST, NIGHTS, seen, url, who_has_no_business_here, who_only_reads, who_operates

pytestmark = pytest.mark.django_db
State = JobRun.State
AT = at_night(DAY)
ONE_DAY = timedelta(days=1)


@pytest.fixture
def sheep() -> Iterator[NightlySheep]:
    job = NightlySheep()
    with registered(job):
        yield job


def a_night(job: CountSheep, day: date, *, is_worked: bool = True) -> JobRun:
    run = start_run(job.name, business_date=day, actor=None, at=at_night(day))
    if is_worked:
        work_on_run(run.pk)
    return fresh(run)


def cells(row: int = 0) -> list[Cell]:
    found: list[Cell] = nights_page(at=AT)["rows"][row][1]
    return found


def words(cell: Cell) -> list[str]:
    return [str(mark.words) for mark in cell.marks]


@pytest.fixture(autouse=True)
def _english(settings: object) -> Iterator[None]:
    with translation.override("en"):
        yield


def test_fourteen_dates_newest_first_with_what_became_of_each(sheep: NightlySheep) -> None:
    a_night(sheep, DAY - 2 * ONE_DAY)
    cancel_run(a_night(sheep, DAY - ONE_DAY, is_worked=False), actor=None, at=AT)
    a_night(sheep, DAY, is_worked=False)
    shown = cells()
    assert [cell.date for cell in shown] == [DAY - ONE_DAY * ago for ago in range(14)]
    assert [words(cell) for cell in shown[:4]] == [["queued"], ["cancelled"], ["succeeded"], []]


def test_a_date_without_a_run_is_missing_and_says_what_it_waits_for(sheep: NightlySheep) -> None:
    shear = NightlySheep("shear_after_counting", after=[sheep.name])
    with registered(shear):
        a_night(sheep, DAY - 3 * ONE_DAY)
        a_night(shear, DAY - 3 * ONE_DAY)
        running = a_night(sheep, DAY - 2 * ONE_DAY, is_worked=False)
        page = nights_page(at=AT)
        counted, shorn = (row[1] for row in page["rows"])
    assert [words(cell) for cell in counted[:4]] == [["missing"], ["waits"], ["queued"], ["succeeded"]]
    assert counted[1].marks[0].note == f"for count sheep of {running.business_date}"
    assert [words(cell) for cell in shorn[:4]] == [["missing"], ["missing"], ["waits"], ["succeeded"]]
    assert page["missing"] == 5 and page["failed"] == 0


def test_a_failed_night_is_counted_until_it_was_run_again_with_success(sheep: NightlySheep) -> None:
    night = a_night(sheep, DAY)
    JobRun.objects.filter(pk=night.pk).update(state=State.FAILED, failed=10)
    assert nights_page(at=AT)["failed"] == 1
    assert cells()[0].marks[0].note == "10 not done"
    work_on_run(run_again(fresh(night), actor=None, at=AT).pk)
    assert nights_page(at=AT)["failed"] == 0
    assert words(cells()[0]) == ["failed", "run again: succeeded"]


def test_a_running_night_says_how_far_it_is(sheep: NightlySheep) -> None:
    night = a_night(sheep, DAY, is_worked=False)
    JobRun.objects.filter(pk=night.pk).update(state=State.RUNNING, done=4)
    assert cells()[0].marks[0].note == "40%"


def test_the_page_leads_to_each_run(sheep: NightlySheep) -> None:
    today = last_night(timezone.now())
    night = a_night(sheep, today)
    page = seen(who_operates(), NIGHTS)
    assert "Count sheep" in page and f'href="{url(night)}"' in page and "Nothing failed and nothing is missing." in page


def test_the_page_names_what_is_missing(sheep: NightlySheep) -> None:
    a_night(sheep, last_night(timezone.now()) - 2 * ONE_DAY)
    assert "2 dates are missing" in seen(who_operates(), NIGHTS)


def test_the_list_leads_to_the_page(sheep: NightlySheep) -> None:
    page = seen(who_operates(), LIST)
    assert "Last nights" in page and f'href="{NIGHTS}"' in page


def test_where_no_job_is_nightly_the_page_says_so() -> None:
    with registered():
        assert "No job runs at night." in seen(who_operates(), NIGHTS)


def test_who_reads_runs_reads_their_nights_and_nobody_else_does(sheep: NightlySheep) -> None:
    assert who_only_reads().get(NIGHTS).status_code == 200
    assert who_has_no_business_here().get(NIGHTS).status_code == 403


def test_the_page_asks_the_same_for_one_night_and_for_fourteen(sheep: NightlySheep) -> None:
    on_call = who_operates()
    newest = last_night(timezone.now())

    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            seen(on_call, NIGHTS)
        return len(queries)

    a_night(sheep, newest)
    asked()
    few = asked()
    for ago in range(1, 14):
        a_night(sheep, newest - ago * ONE_DAY)
    assert asked() == few

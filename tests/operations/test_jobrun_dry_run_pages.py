"""Dry runs at the desk: started, read, approved with a reason, executed; what was left out is named."""

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pghistory.models import Events

from operations.admin import dry_run_pages
from operations.dates import business_date
from operations.models import JobRun, RunItem, User
from operations.services.dry_runs import execute_dry_run, start_dry_run
from operations.services.jobs import cancel_run
from operations.services.nights import start_by_hand
from operations.tasks import work_on_run
from tests.operations.job_stories import ShearSheep, a_flock, fresh, registered, woolly
from tests.operations.run_pages import (
    LIST,
    START,
    press,
    seen,
    url,
    who_has_no_business_here,
    who_only_reads,
    who_operates,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def shear() -> Iterator[ShearSheep]:
    job = ShearSheep()
    with registered(job):
        yield job


@pytest.fixture
def on_call() -> Client:
    return who_operates()


def foreseen() -> JobRun:
    """A dry run for today that has ended."""
    at = timezone.now()
    run = start_dry_run("shear_sheep", business_date=business_date(at), actor=None, at=at)
    work_on_run(run.pk)
    return fresh(run)


def executed(dry_run: JobRun) -> JobRun:
    run = execute_dry_run(dry_run, actor=None, at=timezone.now())
    work_on_run(run.pk)
    return fresh(run)


def test_a_dry_run_is_what_the_start_page_offers_first(on_call: Client) -> None:
    page = seen(on_call, START)
    assert re.search('value="dry"[^>]* checked', page) and not re.search('value="real"[^>]* checked', page)


def test_a_dry_run_is_started_from_the_page(on_call: Client) -> None:
    a_flock("white")
    posted = {"job": "shear_sheep", "business_date": business_date(timezone.now()).isoformat(), "mode": "dry"}
    response = on_call.post(START, posted, follow=True)
    run = JobRun.objects.get()
    assert run.is_dry_run and run.requested_by is not None and run.requested_by.username == "oncall"
    assert "What would be done" in response.content.decode()
    on_call.post(START, posted)
    assert JobRun.objects.count() == 2


def test_the_coming_night_is_foreseen_but_not_run(on_call: Client) -> None:
    tomorrow = business_date(timezone.now()) + timedelta(days=1)
    posted = {"job": "shear_sheep", "business_date": tomorrow.isoformat()}
    assert on_call.post(START, {**posted, "mode": "real"}).status_code == 422
    assert on_call.post(START, {**posted, "mode": "dry"}).status_code == 302


def test_the_page_says_how_much_and_names_each_record(on_call: Client) -> None:
    _white, black, _other = a_flock("white", "black", "white")
    page = seen(on_call, url(foreseen()))
    assert "3 records of 3 members, 4.50 kg" in page
    assert "White wool" in page and "2 · 3.00 kg" in page
    assert f'href="/admin/operations/user/{black.pk}/change/">sheep-2</a>' in page
    assert "Execute exactly this" in page and "dry run 1" in page


def test_the_records_are_paged_by_key(on_call: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dry_run_pages, "ITEM_PAGE_SIZE", 2)
    sheep = a_flock("white", "white", "white")
    run = foreseen()
    first = seen(on_call, url(run))
    assert "sheep-2" in first and "sheep-3" not in first and f"?item={sheep[1].pk}#items" in first
    second = seen(on_call, url(run), item=str(sheep[1].pk))
    assert "sheep-3" in second and "sheep-2" not in second and f'href="{url(run)}#items"' in second
    assert "sheep-1" in seen(on_call, url(run), item="nonsense")


def test_to_execute_asks_for_a_reason_and_shows_the_figures(on_call: Client) -> None:
    a_flock("white", "black")
    run = foreseen()
    page = seen(on_call, url(run, "execute"))
    assert "2 records of 2 members, 3.00 kg" in page and str(run.business_date) in page
    assert on_call.post(url(run, "execute"), {"reason": " "}).status_code == 422
    assert not JobRun.objects.filter(is_dry_run=False).exists()
    response = on_call.post(url(run, "execute"), {"reason": "agreed with finance"}, follow=True)
    made = JobRun.objects.get(is_dry_run=False)
    assert made.approved_id == run.pk and made.requested_by is not None
    assert made.requested_by.username == "oncall"
    assert "The run does exactly what was foreseen." in response.content.decode()
    event = Events.objects.tracks(made).get(pgh_label="insert")
    assert event.pgh_context["reason"] == "agreed with finance"


def test_to_execute_once_more_leads_to_the_same_run(on_call: Client) -> None:
    a_flock("white")
    run = foreseen()
    made = executed(run)
    response = on_call.post(url(run, "execute"), {"reason": "pressed twice"})
    assert response.headers["Location"] == url(made)


def test_both_runs_lead_to_each_other_and_name_what_was_left_out(on_call: Client) -> None:
    _white, black, _other = a_flock("white", "black", "white")
    run = foreseen()
    User.objects.filter(pk=black.pk).update(first_name="dyed")
    made = executed(run)
    page = seen(on_call, url(made))
    assert f'href="{url(run)}"' in page and "1 record changed after the dry run and was left out." in page
    assert "sheep-2" in page and "sheep-1" not in page
    page = seen(on_call, url(run))
    assert f'href="{url(made)}"' in page and "left out: changed since the dry run" in page and "sheep-1" in page
    assert "Execute exactly this" not in page
    only = seen(on_call, url(run), only="left_out")
    assert "sheep-2" in only and "sheep-1" not in only


def test_when_nothing_was_left_out_the_page_says_so(on_call: Client) -> None:
    a_flock("white")
    assert "Nothing was left out." in seen(on_call, url(executed(foreseen())))


def test_an_older_dry_run_says_why_it_is_not_executed(on_call: Client) -> None:
    a_flock("white")
    old, _new = foreseen(), foreseen()
    page = seen(on_call, url(old))
    assert "There is a newer dry run for this date." in page and "Execute exactly this" not in page
    response = on_call.post(url(old, "execute"), {"reason": "never mind"})
    assert response.status_code == 422 and "There is a newer dry run" in response.content.decode()


def test_when_the_records_were_swept_the_figures_stay(on_call: Client) -> None:
    a_flock("white")
    run = foreseen()
    made = executed(run)
    RunItem.objects.filter(run=run).delete()
    page = seen(on_call, url(run))
    assert "1 record of 1 member, 1.50 kg" in page and "The single records were removed" in page
    page = seen(on_call, url(made))
    assert "Nothing was left out." not in page and "The single records were removed" in page


def test_an_execution_is_not_resumed_when_the_records_were_swept(on_call: Client) -> None:
    a_flock("white")
    run = foreseen()
    made = cancel_run(execute_dry_run(run, actor=None, at=timezone.now()), actor=None, at=timezone.now())
    assert url(made, "resume") in seen(on_call, url(made))
    RunItem.objects.filter(run=run).delete()
    assert url(made, "resume") not in seen(on_call, url(made))
    assert "cleared away" in press(on_call, made, "resume")
    assert (fresh(made).state, woolly().count()) == (JobRun.State.CANCELLED, 1)


def test_a_dry_run_of_a_job_that_is_gone_can_still_be_read(on_call: Client) -> None:
    a_flock("white")
    run = foreseen()
    JobRun.objects.filter(pk=run.pk).update(job="gone")
    page = seen(on_call, url(run))
    assert "1.50" in page and "Execute exactly this" not in page


def test_who_only_reads_sees_the_figures_and_executes_nothing() -> None:
    a_flock("white")
    run, auditor = foreseen(), who_only_reads()
    page = seen(auditor, url(run))
    assert "1.50 kg" in page and "Execute exactly this" not in page
    assert auditor.get(url(run, "execute")).status_code == 403
    assert auditor.post(url(run, "execute"), {"reason": "let me"}).status_code == 403
    assert woolly().count() == 1


def test_who_has_no_business_here_sees_nothing() -> None:
    run, colleague = foreseen(), who_has_no_business_here()
    for address in (LIST, START, url(run), url(run, "execute"), url(run, "progress")):
        assert colleague.get(address).status_code == 403


def test_a_real_run_has_no_such_page(on_call: Client) -> None:
    at = timezone.now()
    run = start_by_hand("shear_sheep", business_date=business_date(at), actor=None, at=at)
    assert on_call.get(url(run, "execute")).status_code == 403


# --- again, and the list

def test_a_night_is_run_again_from_its_page(on_call: Client) -> None:
    night = executed(foreseen())
    assert "Run again" in seen(on_call, url(night))
    page = press(on_call, night, "again")
    assert "what is done already is not done twice" in page and "run again 1" in page
    assert JobRun.objects.get(scope="again@1").requested_by is not None
    assert "Run again" not in seen(who_only_reads(), url(night))


def test_a_dry_run_is_not_run_again(on_call: Client) -> None:
    run = foreseen()
    assert url(run, "again") not in seen(on_call, url(run))
    assert "not run again by itself" in press(on_call, run, "again")
    assert JobRun.objects.count() == 1


def test_the_list_tells_kinds_of_runs_apart_and_filters_by_them(on_call: Client) -> None:
    night = executed(foreseen())
    press(on_call, night, "again")
    page = seen(on_call, LIST)
    assert "dry run 1" in page and "run again 1" in page
    rows = {kind: seen(on_call, LIST, kind=kind) for kind in ("night", "dry-run", "again")}
    assert "1 record" in rows["night"] and "dry run 1" not in rows["night"]
    assert "dry run 1" in rows["dry-run"] and "run again 1" not in rows["dry-run"]
    assert "run again 1" in rows["again"]


def test_pages_ask_the_same_number_of_questions_for_three_records_and_for_thirty(on_call: Client) -> None:
    def asked(address: str) -> int:
        with CaptureQueriesContext(connection) as queries:
            seen(on_call, address)
        return len(queries)

    seen(on_call, LIST)
    a_flock(*["white"] * 3)
    small = foreseen()
    few = asked(url(small)), asked(LIST)
    a_flock(*["white"] * 27)
    for _run in range(10):
        large = foreseen()
    assert (asked(url(large)), asked(LIST)) == few

"""Why a run failed is read in the reader's language, whatever the worker spoke."""

import pytest
from django.test import Client
from django.utils import timezone, translation

from memberships.admin.display import today
from operations.models import JobChunk, JobRun
from operations.services.jobs import take_chunk
from tests.memberships.admin_pages import a_superuser

pytestmark = pytest.mark.django_db
DIED = {
    "en": "The worker died each time it worked on this chunk.",
    "zh-hans": "工作进程每次处理此分块时都异常退出。",
}


def a_run_whose_worker_died() -> JobRun:
    """Taken again and again, and never done."""
    at = timezone.now()
    run = JobRun.objects.create(
        job="audit_books", business_date=today(), state="running", total=1, requested_at=at, started_at=at
    )
    JobChunk.objects.create(run=run, number=1, first_key=1, last_key=1, size=1, attempts=99)
    assert take_chunk(run, at=timezone.now()) is None
    return run


@pytest.mark.parametrize("worker", DIED)
def test_chunk_whose_worker_died_says_so_to_every_reader(worker: str) -> None:
    with translation.override(worker):
        run = a_run_whose_worker_died()
    root = a_superuser()
    for language, words in DIED.items():
        desk = Client(headers={"accept-language": language})
        desk.force_login(root)
        assert words in desk.get(f"/admin/operations/jobrun/{run.pk}/change/").content.decode()


def test_error_of_a_program_and_of_a_job_of_the_past_stand_as_they_are() -> None:
    run = a_run_whose_worker_died()
    chunk = run.chunks.get()
    chunk.error = "ValueError: no such thing"
    assert chunk.shown_error == chunk.error
    assert JobRun(job="of the past", error="gone").shown_error == "gone"
    assert JobRun(job="audit_books").shown_error == ""

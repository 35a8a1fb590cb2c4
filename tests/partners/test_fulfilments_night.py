"""The night that tells partners what to do: its chunks, its dry run, and what it leaves to the ticks."""

import threading
from datetime import date

import pytest
from django.db import connection

from operations.models import RunItem
from operations.services.holds import holding
from operations.services.jobs import start_run
from partners.models import Command, Partner
from tests.memberships.night_stories import at_night, run_job, worked
from tests.partner import PartnersForTests
from tests.partners.fulfilment_stories import a_partner, an_offer, give, states

pytestmark = pytest.mark.django_db(transaction=True)
NIGHT = date(2027, 2, 1)


@pytest.fixture
def iqiyi(partners: PartnersForTests) -> Partner:
    partner = a_partner(at=partners)
    give([an_offer(partner)] * 5)
    return partner


def test_night_sends_what_is_due_partner_by_partner(iqiyi: Partner, partners: PartnersForTests) -> None:
    kugou = a_partner("kugou", at=partners)
    partners.partner("kugou").change(confirm_after_ms=None)
    give([an_offer(kugou)] * 2)
    run = run_job("fulfil_benefits", on=NIGHT)
    assert list(run.chunks.order_by("number").values_list("subject", "size")) == [("iqiyi", 5), ("kugou", 2)]
    assert (run.total, run.done, run.failed) == (7, 5, 2), "Kugou confirms later"
    assert states(iqiyi) == partners.partner("iqiyi").states()
    assert set(states(kugou).values()) == {"accepted"}


def test_dry_run_says_what_would_be_sent_and_its_execution_sends_just_that(
    iqiyi: Partner, partners: PartnersForTests
) -> None:
    dry = worked(start_run(
        "fulfil_benefits", business_date=NIGHT, scope="dry@1", actor=None, at=at_night(NIGHT), is_dry_run=True
    ))
    assert partners.partner("iqiyi").commands() == []
    assert list(RunItem.objects.filter(run=dry).values_list("kind", "seen").distinct()) == [("provision", 0)]
    give([an_offer(iqiyi)])
    changed = Command.objects.order_by("pk")[0]
    Command.objects.filter(pk=changed.pk).update(attempts=1, state="unknown")
    run = worked(start_run(
        "fulfil_benefits", business_date=NIGHT, scope="dry@1:run", actor=None, at=at_night(NIGHT), approved=dry
    ))
    outcomes = list(RunItem.objects.filter(run=dry).order_by("key").values_list("outcome", flat=True))
    assert outcomes == ["left_out", "done", "done", "done", "done"]
    assert len(partners.partner("iqiyi").commands()) == 4
    assert (run.done, run.failed) == (4, 1)


def test_night_leaves_a_partner_to_the_worker_that_speaks_to_it(iqiyi: Partner) -> None:
    is_held, is_over = threading.Event(), threading.Event()

    def tick() -> None:
        with holding("partner:iqiyi"):
            is_held.set()
            is_over.wait(30)
        connection.close()

    worker = threading.Thread(target=tick)
    worker.start()
    is_held.wait(30)
    run = run_job("fulfil_benefits", on=NIGHT)
    is_over.set()
    worker.join()
    assert (run.done, run.failed) == (0, 5)
    assert Command.objects.filter(state="queued", attempts=0).count() == 5

"""The daily file of JD Read: made once, sent until it is there, and answered line by line."""

from datetime import date, timedelta

import pytest

from operations.models import RunItem
from operations.services.jobs import start_run
from partners.models import Command, DailyFile, DailyFileLine, Fulfilment, FulfilmentEvent, Offer, Partner
from partners.services import daily_files
from partners.services.fulfilments import replay
from tests.memberships.factories import a_person
from tests.memberships.night_stories import at_night, run_job, worked
from tests.partner import PartnerForTests, PartnersForTests
from tests.partners.fulfilment_stories import a_grant, a_partner, an_offer, change, commands_of, fulfilment_of, states

pytestmark = pytest.mark.django_db(transaction=True)
NIGHT = date(2027, 2, 1)
DAY = timedelta(days=1)


@pytest.fixture
def offer(partners: PartnersForTests) -> Offer:
    """JD Read's badge; its results wait until they are released."""
    there(partners).order_files(result_after_ms=None)
    return an_offer(a_partner("jd-read", at=partners), mode=Offer.Mode.DAILY_FILE, sku="badge")


def there(partners: PartnersForTests) -> PartnerForTests:
    return partners.partner("jd-read")


def the_file() -> DailyFile:
    return DailyFile.objects.get()


def worked_on(*, times: int = 1) -> DailyFile:
    """What ticks do about the file, long after."""
    for _ in range(times):
        daily_files.work_on(the_file(), clock=lambda: at_night(NIGHT) + DAY)
    return the_file()


def test_file_of_the_night_becomes_active_badges_when_its_result_is_there(
    offer: Offer, partners: PartnersForTests
) -> None:
    grants = [a_grant(offer, member=a_person()) for _ in range(3)]
    run = run_job("send_daily_files", on=NIGHT)
    file = the_file()
    assert (run.total, run.done, run.failed) == (3, 3, 0)
    assert (file.name, file.state, file.count) == ("jd-read-2027-02-01.csv", "sent", 3)
    assert bytes(file.content).decode().splitlines()[0] == "line,order,command,sku,member,starts_on,ends_on"
    first = fulfilment_of(grants[0])
    assert f"1,{first.key},provision,badge,{first.member.number},2027-01-15," in bytes(file.content).decode()
    assert set(Command.objects.values_list("state", flat=True)) == {"sent"}

    assert worked_on().state == "sent", "the result is not there yet"
    there(partners).release_result(file.name)
    file = worked_on()
    assert (file.state, file.tally["accepted"], file.tally["rejected"]) == ("acknowledged", 3, 0)
    assert bytes(file.result or b"").startswith(b"line,order,result,reference,reason")
    assert set(states(offer.partner).values()) == {"active"}
    assert states(offer.partner) == there(partners).states()
    assert Fulfilment.objects.exclude(reference="").count() == 3


def test_rejected_lines_fail_with_their_reason_and_stand_in_the_next_file_once_replayed(
    offer: Offer, partners: PartnersForTests
) -> None:
    good, bad = fulfilment_of(a_grant(offer)), fulfilment_of(a_grant(offer, member=a_person()))
    there(partners).order_files(result_after_ms=0, reject_orders=[bad.key], reason="no_such_reader")
    run_job("send_daily_files", on=NIGHT)
    file = worked_on()
    assert (file.tally["accepted"], file.tally["rejected"]) == (1, 1)
    bad.refresh_from_db()
    good.refresh_from_db()
    assert (good.state, bad.state, bad.error) == ("active", "failed", "no_such_reader")
    assert bad.dead_at is not None

    there(partners).order_files(reject_orders=[])
    replay([bad.pk], on=NIGHT, at=at_night(NIGHT), actor=None, reason="已补录")
    run_job("send_daily_files", on=NIGHT + DAY)
    second = DailyFile.objects.latest("pk")
    assert second.count == 1
    daily_files.work_on(second, clock=lambda: at_night(NIGHT) + 2 * DAY)
    bad.refresh_from_db()
    assert (bad.state, bad.dead_at) == ("active", None)


def test_lines_that_the_result_passes_over_are_named_and_fail_and_foreign_ones_are_named(
    offer: Offer, partners: PartnersForTests
) -> None:
    kept, lost = fulfilment_of(a_grant(offer)), fulfilment_of(a_grant(offer, member=a_person()))
    there(partners).order_files(result_after_ms=0, omit_orders=[lost.key])
    run_job("send_daily_files", on=NIGHT)
    file = worked_on()
    assert (file.tally["missing"], file.tally["missing_count"]) == ([2], 1)
    lost.refresh_from_db()
    assert (lost.state, lost.error) == ("failed", "not_in_result")

    said = f"line,order,result,reference,reason\r\n1,{kept.key},accepted,R1,\r\n9,f9-unknown,accepted,R9,\r\n"
    twice = said + f"1,{kept.key},rejected,,changed\r\n"
    result = daily_files.take_result(file, twice.encode(), on=NIGHT, at=at_night(NIGHT))
    assert result.foreign == ["9,f9-unknown,accepted,R9,", f"1,{kept.key},rejected,,changed"]


def test_line_that_the_result_accepts_and_rejects_fails_for_people_to_find_out(offer: Offer) -> None:
    unclear = fulfilment_of(a_grant(offer))
    run_job("send_daily_files", on=NIGHT)
    both = f"line,order,result,reference,reason\r\n1,{unclear.key},accepted,R1,\r\n1,{unclear.key},rejected,,no\r\n"
    daily_files.take_result(the_file(), both.encode(), on=NIGHT, at=at_night(NIGHT))
    unclear.refresh_from_db()
    assert (unclear.state, unclear.error) == ("failed", "contradicted")


def test_result_that_is_read_again_changes_nothing_even_after_the_right_has_ended(
    offer: Offer, partners: PartnersForTests
) -> None:
    grant = a_grant(offer)
    there(partners).order_files(result_after_ms=0)
    run_job("send_daily_files", on=NIGHT)
    file = worked_on()
    change(grant, state="ended")
    run_job("send_daily_files", on=NIGHT + DAY)
    daily_files.work_on(DailyFile.objects.latest("pk"), clock=lambda: at_night(NIGHT) + 2 * DAY)
    assert fulfilment_of(grant).state == "revoked" and there(partners).states() == states(offer.partner)
    seen = list(FulfilmentEvent.objects.order_by("pk").values_list())
    daily_files.take_result(file, bytes(file.result or b""), on=NIGHT + 2 * DAY, at=at_night(NIGHT) + 2 * DAY)
    assert list(FulfilmentEvent.objects.order_by("pk").values_list()) == seen
    assert fulfilment_of(grant).state == "revoked"
    assert commands_of(fulfilment_of(grant)) == [("provision", "done"), ("revoke", "done")]


def test_partner_away_for_the_night_gets_the_same_bytes_the_next_day(
    offer: Offer, partners: PartnersForTests
) -> None:
    a_grant(offer)
    partners.server.stop()
    run = run_job("send_daily_files", on=NIGHT)
    file = the_file()
    assert (run.done, run.failed, file.state, file.error) == (0, 1, "made", "unreachable ClientConnectorError")
    late = fulfilment_of(a_grant(offer, member=a_person()))
    assert run_job("send_daily_files", on=NIGHT).pk == run.pk
    assert commands_of(late) == [("provision", "queued")], "what came since waits for the next day's file"
    partners.server.start()
    there(partners).order_files(result_after_ms=0)
    again = worked_on(times=2)
    assert (again.state, again.sha256, again.error) == ("acknowledged", file.sha256, "")


def test_partner_has_one_file_a_day_and_what_comes_later_or_is_too_much_waits_for_the_next(
    offer: Offer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(daily_files, "MOST_LINES", 2)
    for _ in range(3):
        a_grant(offer, member=a_person())
    first = run_job("send_daily_files", on=NIGHT)
    a_grant(offer, member=a_person())
    made = daily_files.make_file(offer.partner, on=NIGHT, at=at_night(NIGHT) + DAY)
    assert (first.total, first.done, made) == (2, 2, the_file()) and the_file().count == 2
    assert Command.objects.filter(state="queued").count() == 2
    run_job("send_daily_files", on=NIGHT + DAY)
    assert list(DailyFile.objects.order_by("pk").values_list("count", flat=True)) == [2, 2]
    assert set(Command.objects.values_list("state", flat=True)) == {"sent"}


@pytest.mark.parametrize("fault", ["timeout_after", "reset_after", "error_after", "forged"])
def test_file_whose_answer_was_lost_is_asked_about_and_not_done_twice(
    offer: Offer, partners: PartnersForTests, fault: str
) -> None:
    a_grant(offer)
    there(partners).order_files(result_after_ms=0)
    there(partners).order_faults(orders={fault: 1})
    Partner.objects.update(timeout_seconds="0.5")
    run_job("send_daily_files", on=NIGHT)
    assert (the_file().state, bool(the_file().error)) == ("made", True)
    there(partners).clear_faults()
    assert worked_on().state == "acknowledged"
    [fulfilment] = there(partners).fulfilments()
    assert (fulfilment["state"], fulfilment["provisioned"]) == ("active", 1)


def test_crash_after_the_file_was_made_or_amid_its_result_loses_nothing(
    offer: Offer, partners: PartnersForTests, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(5):
        a_grant(offer, member=a_person())
    there(partners).order_files(result_after_ms=0)
    made = daily_files.make_file(offer.partner, on=NIGHT, at=at_night(NIGHT))
    assert made == daily_files.make_file(offer.partner, on=NIGHT, at=at_night(NIGHT)), "the worker died, another comes"
    assert worked_on().state == "sent"
    monkeypatch.setattr(daily_files, "BATCH", 2)
    record, calls = daily_files.record_answers, []

    def dies(*args: object, **facts: object) -> list[int]:
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return record(*args, **facts)  # type: ignore[arg-type]

    monkeypatch.setattr(daily_files, "record_answers", dies)
    with pytest.raises(KeyboardInterrupt):
        worked_on()
    assert Command.objects.filter(state="done").count() == 2
    assert worked_on().state == "acknowledged"
    assert Command.objects.filter(state="done").count() == Fulfilment.objects.filter(state="active").count() == 5
    assert FulfilmentEvent.objects.filter(kind="answered").count() == 5


def test_dry_run_foresees_the_file_and_its_execution_holds_just_that(
    offer: Offer, partners: PartnersForTests
) -> None:
    first = a_grant(offer)
    dry = worked(start_run(
        "send_daily_files", business_date=NIGHT, scope="dry@1", actor=None, at=at_night(NIGHT), is_dry_run=True
    ))
    assert not DailyFile.objects.exists()
    a_grant(offer, member=a_person())
    worked(start_run(
        "send_daily_files", business_date=NIGHT, scope="dry@1:run", actor=None, at=at_night(NIGHT), approved=dry
    ))
    assert list(RunItem.objects.filter(run=dry).values_list("kind", "outcome")) == [("provision", "done")]
    assert DailyFileLine.objects.get().command.fulfilment == fulfilment_of(first)

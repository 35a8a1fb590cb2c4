"""Programme files at the desk: written or uploaded, previewed with their faults, submitted, approved, compared."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation

from memberships.admin.display import today
from memberships.models import Plan, Programme, ProgrammeRevision, WhatIf
from memberships.services.enrolments import enrol_member
from memberships.services.revisions import edit_draft, take_up_again
from operations.models import Approval
from operations.services.approvals import reject
from operations.services.jobs import cancel_run
from tests.memberships.admin_pages import a_superuser, granted, signed_in
from tests.memberships.factories import a_person, an_operator
from tests.memberships.night_stories import run_job, worked
from tests.memberships.programme_stories import club, text, with_plan, with_tiers
from tests.programmes.stories import a_manager, an_approver, approved, in_effect, noon, submitted

pytestmark = pytest.mark.django_db
PAGES = "/admin/memberships/programmerevision/"
State = ProgrammeRevision.State


@pytest.fixture
def manager(db: None) -> Client:
    return signed_in(a_manager())


def sent(client: Client, source: str = "", page: str = f"{PAGES}add/", button: str = "save", **fields: Any) -> Any:
    """What the editor answers."""
    data = {"source": source, "effective_on": today().isoformat(), "note": "", button: "", **fields}
    return client.post(page, data)


def test_a_programme_goes_from_the_editor_into_effect_by_two_people(manager: Client) -> None:
    answer = sent(manager, text(club()))
    revision = ProgrammeRevision.objects.get()
    assert answer.url == f"{PAGES}{revision.pk}/change/"
    page = manager.get(answer.url).content.decode()
    assert "New tier “Gold” from 6,000 points" in page and "Submit" in page

    seen = manager.get(f"{PAGES}{revision.pk}/submit/").context["form"]["seen"].value()
    manager.post(f"{PAGES}{revision.pk}/submit/", {"reason": "the club opens", "seen": seen})
    approval = Approval.objects.get()
    assert "Look at the request" in manager.get(f"{PAGES}{revision.pk}/change/").content.decode()
    assert Programme.objects.count() == 0

    checker = signed_in(an_approver())
    assert "Look at it and decide" in checker.get(f"{PAGES}{revision.pk}/change/").content.decode()
    checker.post(f"/admin/operations/approval/{approval.pk}/approve/", {"reason": ""})
    programme = Programme.objects.get()
    revision.refresh_from_db()
    assert (revision.state, revision.programme) == (State.IN_EFFECT, programme)


def test_the_preview_shows_each_fault_with_its_line_and_keeps_nothing(manager: Client) -> None:
    broken = text(club()).replace("threshold: 6000", "threshold: 1000").replace("audience", "audeince")
    answer = sent(manager, broken, button="preview")
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "there is no such key; is “audience” meant?" in page and "programme.audeince" in page
    assert "audeince: person" in page  # What was typed is still there.
    assert sent(manager, broken).status_code == 422
    assert not ProgrammeRevision.objects.exists()


def test_the_preview_shows_what_would_change_and_keeps_nothing(manager: Client) -> None:
    in_effect(club(), on=today())
    page = sent(manager, text(with_plan(price="129")), button="preview").content.decode()
    assert "price (CNY) 99 → 129" in page
    assert ProgrammeRevision.objects.count() == 1


def test_a_file_can_be_uploaded_and_one_that_is_no_text_is_refused(manager: Client) -> None:
    file = SimpleUploadedFile("club.yaml", text(club()).encode("utf-8-sig"))
    assert sent(manager, file=file).status_code == 302
    revision = ProgrammeRevision.objects.get()
    assert revision.source == text(club())
    assert manager.get(f"{PAGES}{revision.pk}/file/").content.decode() == revision.source
    answer = sent(manager, file=SimpleUploadedFile("club.yaml", "俱乐部".encode("gb18030")))
    assert "The file is not in UTF-8." in answer.content.decode()


def test_the_name_of_a_chosen_file_is_not_written_over_the_day(manager: Client) -> None:
    page = manager.get(f"{PAGES}add/").content.decode()
    form = page[page.index('enctype="multipart/form-data"'):]
    assert form.index('<input type="text" hidden disabled>') < form.index('name="effective_on"')


def test_the_editor_begins_with_a_programme_as_it_is(manager: Client) -> None:
    in_effect(club(), on=today())
    page = manager.get(f"{PAGES}add/?programme=club")
    begun = page.context["form"]["source"].value()
    assert "threshold: 6000" in begun
    assert "Nothing would change" in sent(manager, begun, button="preview").content.decode()


def test_a_draft_is_edited_and_what_was_submitted_is_not(manager: Client) -> None:
    sent(manager, text(club()))
    revision = ProgrammeRevision.objects.get()
    edit = f"{PAGES}{revision.pk}/edit/"
    assert "threshold: 6000" in manager.get(edit).context["form"]["source"].value()
    sent(manager, text(with_tiers(basic=0, gold=7_000)), page=edit)
    revision.refresh_from_db()
    assert revision.document["tiers"][-1]["threshold"] == 7000

    waiting = submitted(club(), on=today())
    sent(manager, text(with_plan(price="1")), page=f"{PAGES}{waiting.pk}/edit/")
    waiting.refresh_from_db()
    assert "129" not in waiting.source and waiting.state == State.SUBMITTED


def test_two_revisions_are_shown_beside_each_other(manager: Client) -> None:
    old = approved(submitted(club(), on=today()), on=today())
    new = approved(submitted(with_tiers(basic=0, silver=2_000, gold=8_000), on=today()), on=today())
    page = manager.get(f"{PAGES}compare/?old={old.pk}&new={new.pk}").content.decode()
    assert "tiers · levels/gold · threshold" in page and "8000" in page
    for query in ("", "old=x&new=1", f"old={old.pk}&new=999999", f"old={old.pk}&new=9{'9' * 30}"):
        assert manager.get(f"{PAGES}compare/?{query}").status_code == 404


def test_rolling_back_makes_a_draft(manager: Client) -> None:
    old = approved(submitted(club(), on=today()), on=today())
    approved(submitted(with_plan(price="129"), on=today()), on=today())
    page = f"{PAGES}{old.pk}/roll_back/"
    seen = manager.get(page).context["form"]["seen"].value()
    answer = manager.post(page, {"reason": "too dear", "seen": seen})
    draft = ProgrammeRevision.objects.get(state=State.DRAFT)
    assert answer.url == f"{PAGES}{draft.pk}/change/"
    assert (draft.rolled_back_to_id, draft.effective_on) == (old.pk, today())


def test_a_programmes_page_shows_its_tiers_plans_points_and_revisions(manager: Client) -> None:
    programme = in_effect(club(), on=today())
    approved(submitted(with_plan(price="129"), on=today(), effective_on=today() + timedelta(days=7)), on=today())
    page = manager.get(f"/admin/memberships/programme/{programme.pk}/change/").content.decode()
    for words in ("Gold", "6,000", "99.00", "Annual card", "spend", "club r2", "Change it by a file"):
        assert words in page
    file = manager.get(f"/admin/memberships/programme/{programme.pk}/export/")
    assert "threshold: 6000" in file.content.decode()


def test_who_may_not_submit_reads_and_writes_nothing(db: None) -> None:
    revision = submitted(club(), on=today())
    reader = signed_in(granted(an_operator(), "memberships.view_programmerevision", "memberships.view_programme"))
    assert reader.get(f"{PAGES}{revision.pk}/change/").status_code == 200
    assert reader.get(PAGES).status_code == 200
    for page in ("add/", f"{revision.pk}/edit/", f"{revision.pk}/submit/", f"{revision.pk}/discard/"):
        assert reader.get(f"{PAGES}{page}").status_code == 403
        assert reader.post(f"{PAGES}{page}", {"source": text(club()), "reason": "x"}).status_code == 403
    stranger = signed_in(an_operator("stranger"))
    for page in ("", f"{revision.pk}/change/", f"{revision.pk}/file/", f"compare/?old={revision.pk}&new={revision.pk}"):
        assert stranger.get(f"{PAGES}{page}").status_code == 403


def test_the_list_shows_what_became_of_a_request(db: None) -> None:
    submitted(club(), on=today())
    page = signed_in(a_superuser()).get(PAGES).content.decode()
    assert "club r1" in page and "waiting for approval" in page


def test_a_file_that_was_left_out_says_why_and_is_taken_up_again(manager: Client) -> None:
    in_effect(club(), on=today())
    day = today() + timedelta(days=1)
    later = approved(submitted(with_tiers(basic=0, gold=8_000), on=today(), effective_on=day), on=today())
    approved(submitted(with_plan(price="129"), on=today()), on=today())
    with translation.override("en"):
        run_job("apply_programme_revisions", on=day)
    page = manager.get(f"{PAGES}{later.pk}/change/").content.decode()
    assert "did not take effect" in page and "was compared with another state of the programme" in page
    assert "did not take effect" in signed_in(a_superuser()).get(PAGES).content.decode()
    seen = manager.get(f"{PAGES}{later.pk}/take_up_again/").context["form"]["seen"].value()
    manager.post(f"{PAGES}{later.pk}/take_up_again/", {"reason": "the tiers are still wanted", "seen": seen})
    later.refresh_from_db()
    assert later.state == State.DRAFT
    assert "129 → 99" in manager.get(f"{PAGES}{later.pk}/change/").content.decode()


def test_the_preview_of_a_file_reckons_with_what_is_approved_for_an_earlier_day(manager: Client) -> None:
    in_effect(club(), on=today())
    day = today() + timedelta(days=7)
    approved(submitted(with_plan(price="129"), on=today(), effective_on=day), on=today())
    answer = sent(manager, text(with_plan(price="139")), button="preview", effective_on=day.isoformat())
    assert "129 → 139" in answer.content.decode()
    assert Plan.objects.count() == 1


def test_a_draft_is_asked_what_it_would_make_of_the_members(manager: Client) -> None:
    programme = in_effect(club(), on=today())
    enrol_member(a_person(), programme, on=today(), at=noon(today()), actor=None)
    sent(manager, text(with_tiers(basic=0, silver=1_000, gold=6_000)))
    draft = ProgrammeRevision.objects.get(state=State.DRAFT)
    page = f"{PAGES}{draft.pk}/change/"
    run = WhatIf.objects.get(revision=draft).run
    text_of_page = manager.get(page).content.decode()
    assert "The what-if is being computed" in text_of_page and f"/jobrun/{run.pk}/progress/" in text_of_page
    worked(run)
    shown = manager.get(page)
    assert [each["ladder"].group for each in shown.context["what_if"].forecasts] == ["levels"]
    assert "First tier" in shown.content.decode() and draft.document_hash[:12] in shown.content.decode()
    assert 'class="chart"' in shown.content.decode() and "data-live" not in shown.content.decode()

    assert manager.post(f"{PAGES}{draft.pk}/what_if/").url == f"{page}#what-if"
    assert WhatIf.objects.filter(revision=draft).count() == 2
    assert manager.get(f"{PAGES}{draft.pk}/what_if/").status_code == 405
    reader = signed_in(granted(an_operator(), "memberships.view_programmerevision"))
    assert reader.post(f"{PAGES}{draft.pk}/what_if/").status_code == 403
    assert "data-live" not in reader.get(page).content.decode(), "they may not look at runs"


def test_a_what_if_that_stopped_says_so_and_can_be_asked_again(manager: Client) -> None:
    programme = in_effect(club(), on=today())
    enrol_member(a_person(), programme, on=today(), at=noon(today()), actor=None)
    sent(manager, text(with_tiers(basic=0, gold=7_000)))
    draft = ProgrammeRevision.objects.get(state=State.DRAFT)
    cancel_run(WhatIf.objects.get(revision=draft).run, actor=None, at=timezone.now())
    page = f"{PAGES}{draft.pk}/change/"
    assert "It stopped before all wallets were looked at." in manager.get(page).content.decode()
    manager.post(f"{PAGES}{draft.pk}/what_if/")
    worked(WhatIf.objects.filter(revision=draft).latest("pk").run)
    assert manager.get(page).context["what_if"].state == "counted"


def test_the_approver_sees_the_what_if_on_the_page_of_the_request(manager: Client) -> None:
    programme = in_effect(club(), on=today())
    enrol_member(a_person(), programme, on=today(), at=noon(today()), actor=None)
    waiting = submitted(with_tiers(basic=0, gold=7_000), on=today())
    checker = signed_in(an_approver())
    page = f"/admin/operations/approval/{waiting.approval_id}/change/"
    assert "The what-if is being computed" in checker.get(page).content.decode()
    worked(WhatIf.objects.get(revision=waiting).run)
    answer = checker.get(page)
    assert answer.context["panel"].shown.state == "counted" and 'class="chart"' in answer.content.decode()
    assert not answer.context["panel"].shown.is_other
    approved(submitted(with_plan(price="129"), on=today()), on=today())
    assert "before other files were approved: ask again" in checker.get(page).content.decode()


def test_a_request_that_was_turned_down_does_not_pass_the_next_file_s_what_if_for_its_own(manager: Client) -> None:
    programme, at = in_effect(club(), on=today()), noon(today())
    enrol_member(a_person(), programme, on=today(), at=at, actor=None)
    revision = submitted(with_tiers(basic=0, gold=7_000), on=today())
    request = revision.approval
    reject(request, checker=an_approver(), decision="too high", at=timezone.now())
    edit_draft(
        take_up_again(revision, actor=None), with_tiers(basic=0, gold=5_000), effective_on=today(), on=today(), at=at,
        actor=None,
    )
    worked(WhatIf.objects.filter(revision=revision).latest("pk").run)
    panel = signed_in(an_approver()).get(f"/admin/operations/approval/{request.pk}/change/").context["panel"]
    assert panel.shown.state == "counted" and panel.shown.is_other


def test_a_draft_that_got_another_day_is_not_submitted_by_who_saw_the_former(manager: Client) -> None:
    sent(manager, text(club()))
    draft = ProgrammeRevision.objects.get()
    seen = manager.get(f"{PAGES}{draft.pk}/submit/").context["form"]["seen"].value()
    later = (today() + timedelta(days=7)).isoformat()
    sent(manager, text(club()), page=f"{PAGES}{draft.pk}/edit/", effective_on=later)
    manager.post(f"{PAGES}{draft.pk}/submit/", {"reason": "the club opens", "seen": seen})
    draft.refresh_from_db()
    assert (draft.state, draft.effective_on.isoformat()) == (State.DRAFT, later)


def test_nobody_who_enrols_waits_for_somebody_who_looks_at_a_draft(manager: Client) -> None:
    """A row that is locked FOR UPDATE makes every foreign key to it wait; FOR NO KEY UPDATE does not."""
    in_effect(club(), on=today())
    day = today() + timedelta(days=7)
    approved(submitted(with_plan(price="129"), on=today(), effective_on=day), on=today())
    sent(manager, text(with_plan(price="139")), effective_on=day.isoformat())
    draft = ProgrammeRevision.objects.get(state=State.DRAFT)
    with CaptureQueriesContext(connection) as queries:
        assert manager.get(f"{PAGES}{draft.pk}/change/").status_code == 200
    locks = [query["sql"] for query in queries if "UPDATE" in query["sql"] and query["sql"].startswith("SELECT")]
    assert locks and all("FOR NO KEY UPDATE" in lock for lock in locks)


def test_a_preview_names_the_approved_file_that_it_is_compared_with(manager: Client) -> None:
    in_effect(club(), on=today())
    day = today() + timedelta(days=7)
    approved(submitted(with_plan(price="129"), on=today(), effective_on=day), on=today())
    later = sent(manager, text(with_plan(price="139")), button="preview", effective_on=day.isoformat())
    assert "Compared with" in later.content.decode() and "club r2, which is to take effect on" in later.content.decode()
    sooner = sent(manager, text(with_plan(price="139")), button="preview").content.decode()
    assert "Will not take effect then" in sooner and "99 → 139" in sooner

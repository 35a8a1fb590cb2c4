"""Case notes at the desk: written with files, corrected but never changed, followed up, read by those who may."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.db import Error, transaction
from django.test import Client

from memberships.admin.display import today
from memberships.models import CaseAttachment, CaseNote
from operations import registry
from operations.models import Reveal
from tests.memberships.admin_pages import granted, signed_in
from tests.memberships.case_stories import PDF, a_letter, a_note, an_upload, the_kind
from tests.memberships.desk_stories import press
from tests.memberships.factories import a_firm, a_person, an_operator

pytestmark = pytest.mark.django_db
READ, WRITE = "memberships.read_casenote", "memberships.write_casenote"
NOTES = "/admin/memberships/casenote/"


@pytest.fixture(autouse=True)
def uploads(settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def desk() -> Client:
    """Xiaomei of the care desk."""
    return signed_in(granted(an_operator(), READ, WRITE, "memberships.view_member"))


def written(desk: Client, url: str, **fields: Any) -> Any:
    """Fill in the form of a note and send it."""
    key = desk.get(url).context["form"]["key"].value()
    return desk.post(url, {"kind": the_kind().pk, "text": "来电投诉配送延误", "key": key, **fields})


def test_note_with_a_letter_stands_on_the_members_page_and_in_the_timeline(desk: Client) -> None:
    member, write = a_firm(), f"{NOTES}write/"
    fields = {"attachments": [an_upload(), an_upload("副本.pdf")], "follow_up_on": f"{today()}", "is_pinned": "on"}
    answer = written(desk, f"{write}{member.pk}/", **fields)
    assert answer.status_code == 302
    note = CaseNote.objects.get()
    (letter,) = note.attachments.all()  # the same file twice is one
    assert (letter.content_type, letter.size, note.written_by.username) == ("application/pdf", len(PDF), "xiaomei")
    assert "投诉信" not in letter.file.name and default_storage.exists(letter.file.name)
    page = desk.get(f"/admin/memberships/member/{member.pk}/change/").content.decode()
    assert page.count("来电投诉配送延误") == 2 and "投诉信.pdf" in page  # in its panel, and in the timeline
    again = desk.post(f"{write}{member.pk}/", {"kind": note.kind_id, "text": "来电投诉配送延误", "key": note.key})
    assert again.status_code == 302 and CaseNote.objects.count() == 1  # a second click
    opened = desk.get(f"{NOTES}{note.pk}/files/{letter.pk}/")
    assert b"".join(opened.streaming_content) == PDF
    assert "attachment" in opened["Content-Disposition"] and opened["X-Content-Type-Options"] == "nosniff"
    seen = Reveal.objects.get()
    assert (seen.actor.username, seen.model, seen.object_id) == ("xiaomei", "memberships.caseattachment", letter.pk)


@pytest.mark.parametrize(("name", "content"), [
    ("virus.pdf", b"MZ\x90\0"), ("page.png", b"<html>\0"), ("empty.txt", b""), ("large.txt", b"x" * 101),
    ("gb18030.txt", "投诉".encode("gb18030")),
])
def test_file_is_told_by_its_bytes_and_its_size(desk: Client, settings: Any, name: str, content: bytes) -> None:
    settings.CASE_FILE_MAX_BYTES = 100
    answer = written(desk, f"{NOTES}write/{a_person().pk}/", attachments=[an_upload(name, content)])
    assert answer.status_code == 422 and answer.context["form"].errors["attachments"]
    assert not CaseNote.objects.exists() and not CaseAttachment.objects.exists()


def test_note_is_never_changed_but_corrected_once_and_the_old_one_stays_to_be_read(desk: Client) -> None:
    note = a_note(a_person(), an_operator("ali"), files=[a_letter()], is_pinned=True, follow_up_on=today())
    for change in ({"text": "别的"}, {"kind": the_kind("other")}, {"written_at": note.written_at + timedelta(1)}):
        with pytest.raises(Error), transaction.atomic():
            CaseNote.objects.filter(pk=note.pk).update(**change)
    with pytest.raises(Error), transaction.atomic():
        note.delete()
    correct = f"{NOTES}{note.pk}/correct/"
    assert "reason" in written(desk, correct, text="更正：是商家延误").context["form"].errors
    assert written(desk, correct, text="更正：是商家延误", reason="听错了").status_code == 302
    correction = CaseNote.objects.get(corrects=note)
    note.refresh_from_db()
    assert (note.is_pinned, note.is_to_follow_up, note.text) == (False, False, "来电投诉配送延误，已致歉。")
    page = desk.get(f"{NOTES}{note.pk}/change/").content.decode()
    assert note.text in page and str(correction) in page
    late = written(desk, correct, text="再更正", reason="又听错了")
    assert late.status_code == 422 and "look at its correction" in late.content.decode()


def test_follow_up_leaves_the_work_list_when_somebody_has_looked(desk: Client) -> None:
    note = a_note(a_person(), an_operator("ali"), follow_up_on=today())
    due = f"{NOTES}?show=due"
    assert str(note) in desk.get(due).content.decode()
    page = f"{NOTES}{note.pk}/follow-up/"
    yesterday = press(desk, page, next_on=f"{today() - timedelta(1)}")
    assert "today or later" in yesterday.content.decode()
    press(desk, page, next_on=f"{today() + timedelta(3)}")
    assert str(note) not in desk.get(due).content.decode()
    assert str(note) in desk.get(f"{NOTES}?show=later").content.decode()
    press(desk, page)
    note.refresh_from_db()
    assert note.followed_up_at and not note.is_to_follow_up
    press(desk, f"{NOTES}{note.pk}/pin/")
    event = registry.timeline_sources.get("case_notes").moments(note.member_id, after="", size=5)[0]
    assert event.what == "Case note: Complaint" and CaseNote.objects.get().is_pinned


def test_who_may_not_read_notes_sees_none_and_who_only_reads_writes_none(desk: Client) -> None:
    note = a_note(a_person(), an_operator("ali"), files=[a_letter()])
    attachment = note.attachments.get()
    pages = (NOTES, f"{NOTES}{note.pk}/change/", f"{NOTES}{note.pk}/files/{attachment.pk}/")
    stranger = signed_in(granted(an_operator("stranger"), "memberships.view_member", "memberships.view_casenote"))
    assert {stranger.get(page).status_code for page in pages} == {403}
    member_page = stranger.get(f"/admin/memberships/member/{note.member_id}/change/").content.decode()
    assert note.text not in member_page
    auditor = signed_in(granted(an_operator("auditor"), READ))
    assert {auditor.get(page).status_code for page in pages} == {200}
    refused = (f"{NOTES}write/{note.member_id}/", f"{NOTES}{note.pk}/correct/", f"{NOTES}{note.pk}/pin/")
    assert {auditor.get(page).status_code for page in refused} == {403}
    other = a_note(a_person(), an_operator("lan"))
    assert desk.get(f"{NOTES}{other.pk}/files/{attachment.pk}/").status_code == 404  # of another note


def test_trail_keeps_who_wrote_a_note_and_not_what_stands_in_it() -> None:
    note = a_note(a_person(), an_operator(), text="王小明，电话13800138000")
    event = CaseNote.pgh_event_models["insert"].objects.get(pgh_obj_id=note.pk)  # type: ignore[attr-defined]
    assert event.written_by_id == note.written_by_id and not hasattr(event, "text")

"""Uploaded lists: private, wherever they are stored, the same when they are read, erased when their days are over."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone, translation

from memberships.models import EnterpriseCustomer
from operations.errors import FileRefusedError, ImportStateError
from operations.models import ImportBatch
from operations.services.imports import confirm_import, recheck_import, undo_import
from operations.services.uploads import sweep_uploads
from operations.sheets import Sheet
from operations.tasks import work_through
from tests.customer_files import HEADERS, a_bad_row, a_row
from tests.customer_imports import AT, applied, checked, codes, counts, error_file, file_of
from tests.memberships.admin_pages import a_superuser, granted, signed_in
from tests.memberships.factories import an_annual_card, an_operator, jd_plus_enterprise
from tests.memberships.order_import_stories import checked as checked_list

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
State = ImportBatch.State


@pytest.fixture(autouse=True)
def _classic() -> None:
    an_annual_card(jd_plus_enterprise(), code="classic", name="经典卡", name_en="Classic card")


def again(batch: ImportBatch) -> ImportBatch:
    return ImportBatch.objects.get(pk=batch.pk)


def names() -> list[str]:
    return sorted(default_storage.listdir("imports")[1])


def altered(batch: ImportBatch) -> None:
    """Somebody wrote into the storage."""
    name = str(batch.file.name)
    content = default_storage.open(name).read()
    default_storage.delete(name)
    assert default_storage.save(name, ContentFile(content.replace(b"1390000", b"1380000"))) == name


def test_only_this_account_may_read_a_file_and_no_address_serves_it(settings: Any) -> None:
    batch = checked(file_of(a_row(1)))
    path = Path(settings.MEDIA_ROOT, str(batch.file.name))
    assert path.stat().st_mode & 0o777 == 0o600 and path.parent.stat().st_mode & 0o777 == 0o700
    desk = signed_in(a_superuser())
    for address in ("", "media/", "uploads/", "static/", "static/../uploads/", "admin/operations/importbatch/"):
        answer = desk.get(f"/{address}{batch.file.name}")
        assert answer.status_code in (301, 302, 404), address
        assert "13900000001" not in desk.get(f"/{address}{batch.file.name}", follow=True).content.decode()


def test_the_file_of_an_import_is_erased_after_its_days_and_the_import_undone_without_it(settings: Any) -> None:
    batch = applied(file_of(a_row(1), a_bad_row(2)), skips_invalid=True)
    ends = AT + settings.UPLOAD_DAYS * DAY
    assert sweep_uploads(at=ends - timedelta(seconds=1)) == 0 and names()
    assert sweep_uploads(at=ends) == 1 and names() == []
    batch = again(batch)
    assert (batch.file.name, batch.file_erased_at) == ("", ends)
    with pytest.raises(ImportStateError, match="2027-04-15"):
        error_file(batch)
    desk = signed_in(a_superuser())
    for language, words in (("en", "File erased at"), ("zh-hans", "文件删除时间")):
        desk.cookies["django_language"] = language
        page = desk.get(f"/admin/operations/importbatch/{batch.pk}/change/", follow=True).content.decode()
        assert words in page and "2027-04-15" in page
    assert sweep_uploads(at=ends + DAY) == 0
    batch = undo_import(batch, actor=an_operator(), at=ends)
    assert batch.undo_run_id
    work_through(batch.undo_run_id)
    assert again(batch).state == State.UNDONE and not EnterpriseCustomer.objects.exists()


def test_previews_that_nobody_confirmed_are_discarded_with_their_rows_and_their_file(settings: Any) -> None:
    batch, ends = checked(file_of(a_row(1))), AT + settings.PREVIEW_DAYS * DAY
    sweep_uploads(at=ends - timedelta(seconds=1))
    assert again(batch).state == State.CHECKED and names()
    assert sweep_uploads(at=ends) == 1
    batch = again(batch)
    assert (batch.state, batch.file.name, names()) == (State.DISCARDED, "", [])
    told = ImportBatch.pgh_event_models["update"]._default_manager  # type: ignore[attr-defined]
    assert list(told.filter(pgh_obj=batch).order_by("pgh_id").values_list("state", "file"))[-1] == ("discarded", "")
    with pytest.raises(ImportStateError):
        confirm_import(batch, preview_key=batch.preview_key, file_sha256=batch.file_sha256, actor=None, at=ends)


def test_what_is_worked_on_is_kept_however_old_it_is() -> None:
    batch = checked(file_of(a_row(1)))
    ImportBatch.objects.filter(pk=batch.pk).update(state=State.APPLYING)
    assert sweep_uploads(at=AT + 10_000 * DAY) == 0 and names()


def test_files_that_no_import_names_are_removed_once_no_upload_can_be_under_way() -> None:
    kept = checked(file_of(a_row(1)))
    stray = default_storage.save("imports/stray", ContentFile(b"x"))
    written = timezone.now()
    assert sweep_uploads(at=written) == 0
    # The clock of the story is that of the file; the import is of another year.
    ImportBatch.objects.filter(pk=kept.pk).update(uploaded_at=written)
    assert sweep_uploads(at=written + DAY + timedelta(minutes=1)) == 1
    assert not default_storage.exists(stray) and default_storage.exists(str(kept.file.name))


def test_an_interrupted_sweep_is_ended_by_the_next() -> None:
    """The file is gone and its row does not say so yet."""
    batch = applied(file_of(a_row(1)))
    default_storage.delete(str(batch.file.name))
    assert sweep_uploads(at=AT + 365 * DAY) == 1
    assert again(batch).file_erased_at == AT + 365 * DAY


def test_an_altered_file_is_neither_checked_nor_handed_back() -> None:
    xiaomei = an_operator()
    batch = checked(file_of(a_row(1), a_bad_row(2)), skips_invalid=True, actor=xiaomei)
    altered(batch)
    with pytest.raises(FileRefusedError):
        error_file(batch)
    desk = signed_in(granted(xiaomei, "operations.view_importbatch", "memberships.import_enterprisecustomer"))
    answer = desk.get(f"/admin/operations/importbatch/{batch.pk}/error-file/", follow=True)
    assert answer.status_code == 200 and "13900000001" not in answer.content.decode()
    batch = recheck_import(batch, actor=xiaomei, at=AT + DAY)
    assert batch.check_run_id
    work_through(batch.check_run_id)
    batch = again(batch)
    assert (batch.state, codes(batch)) == (State.REFUSED, [(1, "file_altered")])
    assert not EnterpriseCustomer.objects.exists()


def test_a_file_that_vanished_is_said_to_be_gone() -> None:
    xiaomei = an_operator()
    batch = checked(file_of(a_row(1), a_bad_row(2)), skips_invalid=True, actor=xiaomei)
    default_storage.delete(str(batch.file.name))
    with pytest.raises(FileRefusedError), translation.override("en"):
        error_file(batch)
    batch = recheck_import(batch, actor=xiaomei, at=AT + DAY)
    assert batch.check_run_id
    work_through(batch.check_run_id)
    assert codes(again(batch)) == [(1, "file_gone")]


def a_workbook(tmp_path: Path) -> bytes:
    path = tmp_path / "firms.xlsx"
    with path.open("wb") as out:
        sheet = Sheet("firms", [20] * len(HEADERS), HEADERS, into=out)
        for number in (1, 2):
            sheet.write(a_row(number).values())
        sheet.close()
    return path.read_bytes()


def test_lists_go_their_way_through_a_storage_that_is_no_folder(settings: Any, tmp_path: Path) -> None:
    """As where web and worker hosts share nothing but a bucket: only what the storage itself offers is asked of it."""
    settings.STORAGES = {**settings.STORAGES, "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"}}
    batch = applied(file_of(a_row(1), a_bad_row(3)), skips_invalid=True)
    assert not Path(settings.MEDIA_ROOT).exists() and error_file(batch)
    workbook = checked_list(
        a_workbook(tmp_path), by=an_operator(), kind="enterprise-customers", name="firms.xlsx"
    )
    assert counts(workbook) == {"new": 1, "unchanged": 1}
    later: datetime = AT + 1_000 * DAY
    assert sweep_uploads(at=later) == 2 and names() == []

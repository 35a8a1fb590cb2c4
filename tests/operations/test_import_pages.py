"""The pages of an import, from the upload to the result, as an operator meets them."""

import uuid
from collections.abc import Iterable
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from memberships.models import EnterpriseCustomer, Plan
from operations.models import ImportBatch, JobRun, User
from operations.services.imports import run_of
from operations.tasks import work_on_run
from tests.customer_files import Row, a_bad_row, a_row, csv_file
from tests.memberships.admin_pages import a_superuser
from tests.memberships.factories import an_annual_card, an_operator, jd_plus_enterprise

pytestmark = pytest.mark.django_db
State = ImportBatch.State
UPLOAD = "/admin/operations/importbatch/add/"


@pytest.fixture(autouse=True)
def card() -> Plan:
    return an_annual_card(jd_plus_enterprise(), code="classic", name="经典卡", name_en="Classic card")


@pytest.fixture
def operator() -> User:
    return allowed(an_operator(), "import_enterprisecustomer", "view_enterprisecustomer")


@pytest.fixture
def desk(operator: User) -> Client:
    return signed_in(operator)


def allowed(user: User, *codenames: str) -> User:
    user.user_permissions.add(*Permission.objects.filter(codename__in=codenames))
    return user


def signed_in(user: User) -> Client:
    client = Client(headers={"accept-language": "en"})
    client.force_login(user)
    return client


def post_file(desk: Client, content: bytes, *, invalid_rows: str = "refuse", name: str = "firms.csv") -> Any:
    file = SimpleUploadedFile(name, content)
    return desk.post(UPLOAD, {"importer": "enterprise-customers", "file": file, "invalid_rows": invalid_rows})


def uploaded(desk: Client, rows: Iterable[Row], **options: Any) -> ImportBatch:
    """A batch whose file is checked."""
    response = post_file(desk, csv_file(rows), **options)
    assert response.status_code == 302
    return worked(ImportBatch.objects.latest("pk"))


def worked(batch: ImportBatch) -> ImportBatch:
    """The batch once its present run has ended."""
    batch = ImportBatch.objects.get(pk=batch.pk)
    run = run_of(batch)
    assert run is not None
    work_on_run(run.pk)
    return ImportBatch.objects.get(pk=batch.pk)


def url(batch: ImportBatch, page: str = "change") -> str:
    return reverse(f"admin:operations_importbatch_{page}", args=[batch.pk])


def seen(desk: Client, batch: ImportBatch, **query: Any) -> str:
    response = desk.get(url(batch), query)
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


def act(desk: Client, batch: ImportBatch, action: str, **posted: Any) -> str:
    """Press a button; what the page says then."""
    response = desk.post(url(batch, action), posted, follow=True)
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


def confirm(desk: Client, batch: ImportBatch) -> str:
    return act(desk, batch, "confirm", preview_key=batch.preview_key, file_sha256=batch.file_sha256)


def applied(desk: Client, rows: Iterable[Row], **options: Any) -> ImportBatch:
    batch = uploaded(desk, rows, **options)
    confirm(desk, batch)
    return worked(batch)


# --- uploading


def test_the_upload_page_lists_the_accepted_columns_and_offers_a_template(desk: Client) -> None:
    page = desk.get(UPLOAD).content.decode()
    assert "统一社会信用代码" in page and "unified social credit code" in page
    template = desk.get(reverse("admin:operations_importbatch_template", args=["enterprise-customers"]))
    assert template.headers["Content-Disposition"].startswith("attachment")
    assert b"legal name" in b"".join(template)  # type: ignore[arg-type]


def test_only_who_may_import_gets_to_the_upload_page() -> None:
    auditor = allowed(an_operator("auditor"), "view_importbatch")
    assert signed_in(auditor).get(UPLOAD).status_code == 403
    assert Client().get(UPLOAD).status_code == 302


def test_an_unknown_template_is_not_found(desk: Client) -> None:
    assert desk.get(reverse("admin:operations_importbatch_template", args=["no-such"])).status_code == 404


def test_uploading_without_a_file_says_what_is_missing(desk: Client) -> None:
    response = desk.post(UPLOAD, {"importer": "enterprise-customers", "invalid_rows": "refuse"})
    assert response.status_code == 422
    assert "This field is required" in response.content.decode()
    assert not ImportBatch.objects.exists()


def test_a_file_above_the_limit_is_not_taken(desk: Client, settings: Any) -> None:
    settings.IMPORT_FILE_MAX_BYTES = 10
    response = post_file(desk, csv_file([a_row(1)]))
    assert response.status_code == 422
    assert "are accepted at most" in response.content.decode()


def test_while_the_file_is_checked_the_page_asks_for_progress(desk: Client) -> None:
    post_file(desk, csv_file([a_row(1)]))
    batch = ImportBatch.objects.get()
    assert f'data-live="{url(batch, "progress")}"' in seen(desk, batch)
    answer = desk.get(url(batch, "progress"))
    assert "no-store" in answer.headers["Cache-Control"]
    assert answer.json()["version"] == "checking/queued"


def test_the_progress_tells_the_page_when_the_check_is_over(desk: Client) -> None:
    batch = uploaded(desk, [a_row(1)])
    assert desk.get(url(batch, "progress")).json()["version"] == "checked/succeeded"
    assert "data-live" not in seen(desk, batch)


def test_a_refused_file_shows_why_and_asks_for_a_mended_one(desk: Client) -> None:
    post_file(desk, csv_file([a_row(1)], headers=["a", "b", "c", "d", "e", "f", "g"]))
    page = seen(desk, worked(ImportBatch.objects.get()))
    assert "no_header" in page
    assert "Upload a mended file" in page
    assert "Confirm and apply" not in page


def test_a_file_that_is_no_text_is_refused_at_once(desk: Client) -> None:
    post_file(desk, "企业名称".encode("utf-16"))
    assert "utf16" in seen(desk, ImportBatch.objects.get())


# --- the preview


def test_the_preview_says_what_confirming_will_do(desk: Client) -> None:
    applied(desk, [a_row(1)])
    page = seen(desk, uploaded(desk, [a_row(1, 省份="江苏省"), *(a_row(number) for number in range(2, 1202))]))
    assert "will add 1,200 and change 1." in page


def test_a_changed_row_shows_the_field_before_and_after(desk: Client) -> None:
    applied(desk, [a_row(1)])
    page = seen(desk, uploaded(desk, [a_row(1, 省份="江苏省")]), rows="changed")
    assert "<del>浙江省</del> → <ins>江苏省</ins>" in page


def test_personal_data_is_masked_in_the_preview(desk: Client) -> None:
    page = seen(desk, uploaded(desk, [a_row(1)]), rows="new")
    assert "杭州西溪商贸1有限公司" in page
    assert "13900000001" not in page and "buyer1@example.com" not in page


def test_every_invalid_row_is_named_with_line_column_value_code_and_reason(desk: Client) -> None:
    page = seen(desk, uploaded(desk, [a_row(1), a_bad_row(2)]), rows="invalid")
    assert 'data-label="Line">3</td>' in page
    assert "1390000" in page
    assert "<code>bad_mobile</code>" in page
    assert "no mainland mobile number" in page


def test_a_file_to_be_taken_whole_cannot_be_confirmed_with_an_invalid_row(desk: Client) -> None:
    batch = uploaded(desk, [a_row(1), a_bad_row(2)])
    page = seen(desk, batch)
    assert "This import cannot be confirmed." in page and " disabled" in page
    # What has to be mended is in sight, before the row that is new.
    assert 'data-label="Line">3</td>' in page and 'data-label="Line">2</td>' not in page
    assert "One row is invalid" in confirm(desk, batch)
    assert not EnterpriseCustomer.objects.exists()


def test_a_file_without_news_cannot_be_confirmed(desk: Client) -> None:
    applied(desk, [a_row(1)])
    batch = uploaded(desk, [a_row(1)])
    assert "Nothing in the file is new or changed." in seen(desk, batch)


def test_rows_are_paged_by_line_fifty_at_a_time(desk: Client) -> None:
    batch = uploaded(desk, [a_row(number) for number in range(1, 121)])
    first = seen(desk, batch)
    assert "商贸50有限" in first and "商贸51有限" not in first
    assert "after=51" in first
    second = seen(desk, batch, rows="new", after=51)
    assert "商贸51有限" in second and "商贸50有限" not in second and "First page" in second
    assert "Next page" not in seen(desk, batch, rows="new", after=101)
    assert "商贸70有限" in seen(desk, batch, rows="new", line=71)


@pytest.mark.parametrize("query", [{"rows": "nonsense"}, {"after": "x"}, {"after": "9" * 40}, {"line": "-1"}])
def test_a_broken_address_shows_the_first_page(desk: Client, query: dict[str, str]) -> None:
    assert "商贸1有限" in seen(desk, uploaded(desk, [a_row(1)]), **query)


def test_the_error_file_goes_to_the_uploader_only(desk: Client) -> None:
    batch = uploaded(desk, [a_row(1), a_bad_row(2)])
    response = desk.get(url(batch, "error_file"))
    assert "errors-firms.csv" in response.headers["Content-Disposition"]
    text = b"".join(response).decode("utf-8-sig")  # type: ignore[arg-type]
    assert "商贸2有限" in text and "商贸1有限" not in text
    colleague = allowed(an_operator("lihua"), "import_enterprisecustomer")
    assert signed_in(colleague).get(url(batch, "error_file")).status_code == 403


# --- confirming


def test_a_confirmed_import_is_applied_and_its_rows_lead_to_their_records(desk: Client) -> None:
    batch = applied(desk, [a_row(1)])
    customer = EnterpriseCustomer.objects.get()
    page = seen(desk, batch)
    assert "1 applied, 0 left out, 0 invalid." in page
    assert reverse("admin:memberships_enterprisecustomer_change", args=[customer.pk]) in page


def test_the_result_says_of_each_row_whether_it_was_new_or_changed(desk: Client) -> None:
    applied(desk, [a_row(1)])
    page = seen(desk, applied(desk, [a_row(1, 省份="江苏省"), a_row(2)]))
    assert '<td data-label="Verdict">changed</td>' in page and '<td data-label="Verdict">new</td>' in page


def test_a_file_name_stands_as_it_is_and_the_list_has_one_way_to_upload(desk: Client) -> None:
    imports = "/admin/operations/importbatch/"
    assert "Add import" not in desk.get(imports).content.decode()
    batch = applied(desk, [a_row(1)])
    ImportBatch.objects.update(file_name="bad.csv")
    page = desk.get(url(batch)).content.decode()
    assert "bad.csv" in page and "Bad.csv" not in page
    assert "Add import" not in desk.get(imports).content.decode()


def test_the_first_page_names_jobs_in_words(desk: Client) -> None:
    applied(desk, [a_row(1)])
    assert "apply_import" not in signed_in(a_superuser()).get("/admin/").content.decode()


def test_pressing_confirm_twice_applies_once(desk: Client) -> None:
    batch = uploaded(desk, [a_row(1)])
    confirm(desk, batch)
    assert "being applied" in confirm(desk, batch)
    assert JobRun.objects.filter(job="apply_import").count() == 1


def test_valid_rows_are_applied_and_the_others_handed_back_where_that_was_chosen(desk: Client) -> None:
    batch = applied(desk, [a_row(1), a_bad_row(2)], invalid_rows="skip")
    page = seen(desk, batch, rows="invalid")
    assert "1 applied, 0 left out, 1 invalid." in page
    assert "bad_mobile" in page and "Download the error file" in page


@pytest.mark.parametrize("key", [str(uuid.UUID(int=7)), "nonsense", ""])
def test_another_preview_than_the_one_seen_is_not_confirmed(desk: Client, key: str) -> None:
    batch = uploaded(desk, [a_row(1)])
    page = act(desk, batch, "confirm", preview_key=key, file_sha256=batch.file_sha256)
    assert "This is not the preview you saw" in page
    assert ImportBatch.objects.get(pk=batch.pk).state == State.CHECKED


def test_only_the_uploader_confirms(desk: Client) -> None:
    batch = uploaded(desk, [a_row(1)])
    colleague = signed_in(allowed(an_operator("lihua"), "import_enterprisecustomer"))
    assert "who uploaded the file, can confirm it" in seen(colleague, batch)
    assert "This is not the preview you saw" in confirm(colleague, batch)


def test_after_checking_again_the_old_preview_is_not_confirmed(desk: Client) -> None:
    batch = uploaded(desk, [a_row(1)])
    act(desk, batch, "recheck")
    worked(batch)
    assert "This is not the preview you saw" in confirm(desk, batch)


def test_a_discarded_preview_changes_nothing(desk: Client) -> None:
    batch = uploaded(desk, [a_row(1)])
    assert "The preview was discarded" in act(desk, batch, "discard")
    assert not EnterpriseCustomer.objects.exists()


# --- stopping, going on, taking back


def test_a_cancelled_import_is_partly_applied_and_can_be_resumed(desk: Client) -> None:
    batch = uploaded(desk, [a_row(1)])
    confirm(desk, batch)
    page = act(desk, batch, "cancel")
    assert "partly applied" in page and "Resume" in page
    act(desk, batch, "resume")
    assert worked(batch).state == State.APPLIED
    assert EnterpriseCustomer.objects.count() == 1


def test_an_import_is_undone_while_nothing_depends_on_it(desk: Client) -> None:
    batch = applied(desk, [a_row(1)])
    assert "Undo the import" in seen(desk, batch)
    act(desk, batch, "undo")
    assert "1 undone, 0 still applied." in seen(desk, worked(batch))
    assert not EnterpriseCustomer.objects.exists()


def test_undoing_keeps_and_names_the_rows_that_were_changed_since(desk: Client) -> None:
    batch = applied(desk, [a_row(1), a_row(2)])
    applied(desk, [a_row(1, 省份="江苏省")])
    act(desk, batch, "undo")
    page = seen(desk, worked(batch), rows="kept")
    assert "1 undone, 1 still applied." in page
    assert "商贸1有限" in page and "商贸2有限" not in page


# --- who may do what


@pytest.mark.parametrize("action", ["confirm", "discard", "recheck", "undo", "cancel", "resume"])
def test_an_action_is_a_post_of_somebody_allowed(desk: Client, action: str) -> None:
    batch = uploaded(desk, [a_row(1)])
    assert desk.get(url(batch, action)).status_code == 405
    auditor = signed_in(allowed(an_operator("auditor"), "view_importbatch"))
    assert auditor.post(url(batch, action)).status_code == 403
    assert Client(enforce_csrf_checks=True).post(url(batch, action)).status_code in (302, 403)
    assert desk.post(reverse(f"admin:operations_importbatch_{action}", args=[10**9])).status_code == 404


@pytest.mark.parametrize("action", ["confirm", "recheck", "undo", "resume"])
def test_an_action_in_the_wrong_state_says_so(desk: Client, action: str) -> None:
    batch = uploaded(desk, [a_row(1)])
    act(desk, batch, "discard")
    assert "errornote" in act(desk, batch, action)


def test_an_auditor_reads_and_finds_no_button(desk: Client) -> None:
    batch = applied(desk, [a_row(1), a_bad_row(2)], invalid_rows="skip")
    page = seen(signed_in(allowed(an_operator("auditor"), "view_importbatch")), batch)
    assert "1 applied" in page
    assert "Undo the import" not in page and "Download the error file" not in page


def test_the_page_of_an_unknown_import_is_not_found(desk: Client) -> None:
    assert desk.get("/admin/operations/importbatch/999999/change/").status_code == 404
    assert desk.get("/admin/operations/importbatch/nonsense/change/").status_code == 404
    assert desk.get("/admin/operations/importbatch/999999/progress/").status_code == 404


def test_who_may_neither_import_nor_read_imports_sees_none(desk: Client) -> None:
    batch = uploaded(desk, [a_row(1)])
    assert signed_in(an_operator("guest")).get(url(batch)).status_code in (403, 404)
    assert signed_in(an_operator("other")).get(reverse("admin:operations_importbatch_changelist")).status_code == 403


def test_the_list_shows_each_import_with_its_state(desk: Client) -> None:
    uploaded(desk, [a_row(1)])
    page = desk.get(reverse("admin:operations_importbatch_changelist")).content.decode()
    assert "firms.csv" in page and "to be confirmed" in page and "Upload a file" in page


def test_a_batch_of_an_importer_that_is_gone_can_still_be_read(desk: Client) -> None:
    batch = uploaded(desk, [a_row(1)])
    act(desk, batch, "discard")
    ImportBatch.objects.filter(pk=batch.pk).update(importer="gone")
    assert "The preview was discarded" in seen(signed_in(allowed(an_operator("auditor"), "view_importbatch")), batch)


def test_a_page_of_rows_costs_the_same_number_of_queries_however_long_the_file(
    desk: Client, django_assert_max_num_queries: Any
) -> None:
    batch = uploaded(desk, [a_row(number) for number in range(1, 121)])
    with django_assert_max_num_queries(15):
        seen(desk, batch)


def test_a_name_with_markup_is_shown_as_text(desk: Client) -> None:
    page = seen(desk, uploaded(desk, [a_row(1, 企业名称="<script>alert(1)</script>")]))
    assert "<script>alert" not in page

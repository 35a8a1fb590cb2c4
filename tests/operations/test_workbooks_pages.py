"""The pages of a workbook's import: which sheet is to be read, and what an operator is told of it."""

import io

import pytest
from django.test import Client
from openpyxl import Workbook, load_workbook  # type: ignore[import-untyped]

from memberships.models import Plan
from operations.models import ImportBatch, User
from tests.customer_files import a_bad_row, a_row
from tests.memberships.factories import an_annual_card, an_operator, jd_plus_enterprise
from tests.operations.test_import_pages import act, allowed, post_file, seen, signed_in, url, worked
from tests.operations.workbook_stories import a_workbook, of_firms, rows_of

pytestmark = pytest.mark.django_db
State = ImportBatch.State
TWO_SHEETS = a_workbook(
    ("旧名单", rows_of(a_row(1))), ("<b>新", rows_of(a_row(2), a_row(3))), ("空", []), hidden=["<b>新"]
)


@pytest.fixture(autouse=True)
def card() -> Plan:
    return an_annual_card(jd_plus_enterprise(), code="classic", name="经典卡", name_en="Classic card")


@pytest.fixture
def operator() -> User:
    return allowed(an_operator(), "import_enterprisecustomer", "view_enterprisecustomer")


@pytest.fixture
def desk(operator: User) -> Client:
    return signed_in(operator)


def brought(desk: Client, content: bytes, name: str = "firms.xlsx") -> ImportBatch:
    response = post_file(desk, content, name=name)
    assert response.status_code == 302
    return ImportBatch.objects.latest("pk")


def test_an_operator_chooses_the_sheet_by_its_name_and_first_rows(desk: Client) -> None:
    batch = brought(desk, TWO_SHEETS)
    page = seen(desk, batch)
    assert "Which is to be imported?" in page and 'value="&lt;b&gt;新"' in page and "<b>新" not in page
    assert page.count('type="radio"') == 2 and "hidden" in page
    assert a_row(2)["企业名称"] in page
    assert "The workbook has no sheet" in act(desk, batch, "choose", sheet="没有")
    assert "The sheet is being checked." in act(desk, batch, "choose", sheet="<b>新")
    batch = worked(batch)
    page = seen(desk, batch)
    assert (batch.state, batch.new) == (State.CHECKED, 2)
    assert "Read was the sheet “&lt;b&gt;新”, which is hidden." in page
    assert "The import is" in act(desk, batch, "choose", sheet="旧名单")


def test_others_see_no_cell_of_a_file_that_is_not_theirs(desk: Client) -> None:
    batch = brought(desk, TWO_SHEETS)
    colleague = signed_in(allowed(an_operator("xiaoli"), "import_enterprisecustomer"))
    page = seen(colleague, batch)
    assert "旧名单" in page and a_row(1)["企业名称"] not in page
    auditor = signed_in(allowed(an_operator("auditor"), "view_importbatch"))
    assert "disabled" in seen(auditor, batch)
    assert auditor.post(url(batch, "choose"), {"sheet": "旧名单"}).status_code == 403
    assert ImportBatch.objects.get().state == State.CHOOSING


def test_the_choice_can_be_left(desk: Client) -> None:
    assert "The preview is discarded" in act(desk, brought(desk, TWO_SHEETS), "discard")


def test_a_workbook_whose_file_is_gone_still_names_its_sheets(desk: Client) -> None:
    batch = brought(desk, TWO_SHEETS)
    batch.file.storage.delete(batch.file.name)
    assert "旧名单" in seen(desk, batch)


def test_the_error_file_of_a_workbook_is_a_workbook(desk: Client) -> None:
    batch = worked(brought(desk, of_firms(a_row(1), a_bad_row(2))))
    response = desk.get(url(batch, "error_file"))
    assert response.headers["Content-Disposition"].endswith('filename="errors-firms.xlsx"')
    sheet = load_workbook(io.BytesIO(b"".join(response))).active  # type: ignore[arg-type]
    assert sheet.max_row == 2


def test_what_was_hidden_stands_beside_the_preview(desk: Client) -> None:
    book, out = Workbook(), io.BytesIO()
    for row in rows_of(a_row(1), a_row(2)):
        book.active.append(row)
    book.active.row_dimensions[3].hidden = True
    book.save(out)
    assert "A hidden row was read, too: 3." in seen(desk, worked(brought(desk, out.getvalue())))


@pytest.mark.parametrize(("name", "content"), [("firms.csv", of_firms(a_row(1))), ("firms.xlsx", b"a,b\n")])
def test_a_file_whose_name_says_otherwise_is_refused_on_its_page(desk: Client, name: str, content: bytes) -> None:
    assert "The name ends in" in seen(desk, brought(desk, content, name))

"""Every hostile file through the command and through the desk: refused by its cause, and nothing has changed."""

import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.utils.html import escape
from django.utils.translation import override

from memberships.models import EnterpriseCustomer, Plan
from operations.imports import workbooks
from operations.imports.kinds import is_plain_name
from operations.models import ImportBatch
from operations.services.import_previews import batch_faults
from tests.conftest import PROJECT
from tests.corpus.files import CORPUS, GOOD, HARMLESS, LIST, MIB, WORST, Hostile, around, listener
from tests.customer_files import HEADERS, a_row, csv_file
from tests.memberships.factories import an_annual_card, an_operator, jd_plus_enterprise
from tests.operations.test_import_pages import UPLOAD, allowed, post_file, seen, signed_in, url, worked

pytestmark = pytest.mark.django_db
State = ImportBatch.State
#: What a worker and the process that reads for it may hold, in MB; both together stay below 700.
WORKER_MB, READER_MB = 320, 512
HOUSE = ("memberships", "benefits", "partners", "credit")


@pytest.fixture(autouse=True)
def card() -> Plan:
    return an_annual_card(jd_plus_enterprise(), code="classic", name="经典卡", name_en="Classic card")


@pytest.fixture(autouse=True)
def nobody_calls() -> Iterator[None]:
    yield
    listener().setblocking(False)
    with pytest.raises(BlockingIOError):
        listener().accept()


def business() -> list[tuple[int, int | None]]:
    """How many rows each table of the business has, and the key of the last."""
    models = [model for name in HOUSE for model in apps.get_app_config(name).get_models() if model._meta.managed]
    asked = " UNION ALL ".join(
        f'SELECT {place}, count(*), max("{model._meta.pk.column}"::text) FROM "{model._meta.db_table}"'
        for place, model in enumerate(models)
    )
    with connection.cursor() as cursor:
        cursor.execute(asked)
        return sorted(cursor.fetchall())


def in_both_languages(batch: ImportBatch) -> list[str]:
    """What the batch's one fault says in Chinese and in English."""
    said = []
    for language in ("zh-hans", "en"):
        with override(language):
            [fault] = batch_faults(batch)
            said.append(fault.message)
    assert said[0] != said[1] and all(said) and not any("%(" in each for each in said)
    # What is wrong is in the file, and not with whoever read it.
    assert not any(workbooks.PROCESS in each for each in said)
    assert any("\u4e00" <= letter <= "\u9fff" for letter in said[0])
    return said


@pytest.mark.parametrize("hostile", CORPUS, ids=lambda hostile: hostile.what)
def test_the_command_refuses_it_by_its_cause(
    hostile: Hostile, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path, out, errors, before = tmp_path / hostile.name, io.StringIO(), io.StringIO(), business()
    path.write_bytes(hostile.content())
    with pytest.raises(SystemExit) as exit_, override("zh-hans"):
        call_command("import_file", "enterprise-customers", str(path), "--apply", "--json", stdout=out, stderr=errors)
    printed = json.loads(out.getvalue())
    assert (exit_.value.code, [error["code"] for error in printed["errors"]]) == (2, [hostile.code])
    assert not printed["applied"] and not errors.getvalue()
    batch = ImportBatch.objects.get()
    chinese, _english = in_both_languages(batch)
    assert printed["errors"][0]["message"] == chinese
    assert batch.state == State.REFUSED and business() == before
    assert not [record for record in caplog.records if record.levelname in ("ERROR", "CRITICAL")]


@pytest.mark.parametrize("hostile", CORPUS, ids=lambda hostile: hostile.what)
def test_the_desk_refuses_it_by_its_cause(hostile: Hostile, caplog: pytest.LogCaptureFixture) -> None:
    desk, before = signed_in(allowed(an_operator(), "import_enterprisecustomer", "view_enterprisecustomer")), business()
    response = post_file(desk, hostile.content(), name=hostile.name)
    if hostile.code == "empty_file":
        # The form says so by itself, before there is a batch.
        again = post_file(_in(desk, "zh-hans"), b"", name=hostile.name)
        assert (response.status_code, again.status_code) == (422, 422)
        assert "The submitted file is empty." in response.content.decode()
        assert "所提交的是空文件。" in again.content.decode()
        assert not ImportBatch.objects.exists() and business() == before
        return
    assert response.status_code == 302
    batch = ImportBatch.objects.get()
    batch = worked(batch) if batch.check_run_id else batch
    assert batch.state == State.REFUSED and business() == before
    said = in_both_languages(batch)
    for language, message in zip(("zh-hans", "en"), said, strict=True):
        page = seen(_in(desk, language), batch)
        assert f"<code>{hostile.code}</code>" in page and " ".join(escape(message).split()) in page
        assert "Traceback" not in page
    assert not [record for record in caplog.records if record.levelname in ("ERROR", "CRITICAL")]


def _in(desk: Client, language: str) -> Client:
    other = Client(headers={"accept-language": language})
    other.cookies = desk.cookies
    return other


def test_a_text_that_is_shared_by_more_cells_than_a_list_may_have_characters_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A few bytes of it stand for gigabytes: a hundredth of the real limit, so that it takes no minute."""
    monkeypatch.setattr(workbooks, "LIMITS", workbooks.LIMITS._replace(characters=10 * MIB))
    path, out = tmp_path / "firms.xlsx", io.StringIO()
    header = "".join(f'<c t="inlineStr"><is><t>{name}</t></is></c>' for name in HEADERS)
    row = "<row>" + '<c t="s"><v>0</v></c>' * len(HEADERS) + "</row>"
    path.write_bytes(around("sst", b"x", 100_000, rows=f"<row>{header}</row>{row * 20}"))
    with pytest.raises(SystemExit), override("en"):
        call_command("import_file", "enterprise-customers", str(path), "--json", stdout=out)
    [error] = json.loads(out.getvalue())["errors"]
    assert (error["code"], "10485760 characters" in error["message"]) == ("workbook_too_large", True)


def test_a_file_over_the_limit_is_refused_before_it_is_read(settings: Any, tmp_path: Path) -> None:
    """A worker meets one of the real size below."""
    settings.IMPORT_FILE_MAX_BYTES = len(GOOD) - 1
    path, out, before = tmp_path / "firms.xlsx", io.StringIO(), business()
    path.write_bytes(GOOD)
    with pytest.raises(SystemExit), override("en"):
        call_command("import_file", "enterprise-customers", str(path), "--apply", "--json", stdout=out)
    assert [error["code"] for error in json.loads(out.getvalue())["errors"]] == ["too_large"]
    desk = signed_in(allowed(an_operator(), "import_enterprisecustomer", "view_enterprisecustomer"))
    pages = [post_file(_in(desk, language), GOOD, name="firms.xlsx") for language in ("zh-hans", "en")]
    assert [page.status_code for page in pages] == [422, 422]
    assert ["are accepted at most" in page.content.decode() for page in pages] == [False, True]
    assert "最多" in pages[0].content.decode()
    assert ImportBatch.objects.count() == 1 and business() == before


@pytest.mark.parametrize("harmless", HARMLESS, ids=lambda harmless: harmless.what)
def test_what_is_merely_odd_is_read(harmless: Hostile) -> None:
    desk = signed_in(allowed(an_operator(), "import_enterprisecustomer", "view_enterprisecustomer"))
    assert post_file(desk, harmless.content(), name=harmless.name).status_code == 302
    batch = worked(ImportBatch.objects.get())
    assert (batch.state, batch.new) == (State.CHECKED, 1)
    assert "<script>" not in seen(desk, batch)


# --- names


@pytest.mark.parametrize(
    "name",
    [
        "../../firms.csv", "/etc/firms.csv", r"..\\firms.csv", r"C:\\firms.csv", "..", ".", "", " ", "a%0d%0ab.csv",
        "a\x00.csv", "a\x1b[31m.csv", "a\u202egpj.csv", "a\u2028b.csv", "&#x2f;etc&#x2f;firms.csv", "名" * 300 + ".csv",
        "'; DROP TABLE firms; --.csv", "<script>alert(1)</script>.csv", "=cmd|' /C calc'!A0.csv", "{{ 7*7 }}.csv",
    ],
)
def test_a_name_leads_nowhere(name: str, settings: Any) -> None:
    """As it would be sent by whoever is no browser: it is refused, or becomes a plain name, and names no place."""
    desk = signed_in(allowed(an_operator(), "import_enterprisecustomer", "view_enterprisecustomer"))
    uploads = Path(settings.MEDIA_ROOT)
    before = set(uploads.parent.rglob("*"))
    parts = {"importer": b"enterprise-customers", "invalid_rows": b"refuse", f'file"; filename="{name}': LIST}
    body = b"".join(b'--x\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % (key.encode(), value)
                    for key, value in parts.items()) + b"--x--\r\n"
    response = desk.post(UPLOAD, body, content_type="multipart/form-data; boundary=x")
    new = [path for path in uploads.parent.rglob("*") if path not in before and path.is_file()]
    batch = ImportBatch.objects.first()
    if batch is None:
        assert response.status_code in (400, 422) and not new
        return
    if batch.state == State.REFUSED:
        assert not new and [fault.code for fault in batch_faults(batch)] == ["bad_file_name"]
    else:
        [stored] = new
        assert is_plain_name(batch.file_name) and stored.is_relative_to(uploads) and "firms" not in stored.name
    page = desk.get(url(batch)).content.decode()
    assert "<script>alert" not in page and escape(batch.file_name) in page


# --- a worker that meets them all


@pytest.mark.django_db(transaction=True)
def test_a_worker_that_meets_the_worst_of_them_keeps_its_memory_and_goes_on(
    server_environment: dict[str, str], tmp_path: Path
) -> None:
    paths, before = [], business()
    for place, hostile in enumerate(WORST):
        folder = tmp_path / str(place)
        folder.mkdir()
        (folder / hostile.name).write_bytes(hostile.content())
        paths.append(folder / hostile.name)
    over = tmp_path / "over.csv"
    with over.open("wb") as file:
        file.truncate((1 << 30) + 1)
    (tmp_path / "good.xlsx").write_bytes(GOOD)
    (tmp_path / "good.csv").write_bytes(csv_file([a_row(2)]))
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    done = subprocess.run(
        [sys.executable, "-m", "tests.corpus.worker", *paths, over, tmp_path / "good.xlsx", tmp_path / "good.csv"],
        cwd=PROJECT, env={**os.environ, **server_environment, "TMPDIR": str(scratch)}, capture_output=True, check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr.decode()[-3000:]
    *found, memory = map(json.loads, done.stdout.splitlines())
    assert found == [*([each.code] for each in WORST), ["too_large"], ["applied 1"], ["applied 1"]]
    assert memory["worker"] < WORKER_MB and memory["reader"] < READER_MB, memory
    assert b"Traceback" not in done.stderr + done.stdout and not list(scratch.iterdir())
    assert EnterpriseCustomer.objects.count() == 2 and business() != before

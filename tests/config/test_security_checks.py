"""What browsers are told to run, and what `make check` says of the libraries."""

import json
import re
import subprocess
from typing import Any

import pytest
from django.test import Client

from config import dependencies
from tests.config.strings import PROJECT, our_sources


@pytest.mark.django_db
def test_no_script_of_a_page_runs_and_nothing_is_fetched_from_elsewhere() -> None:
    policy = dict(
        part.strip().split(" ", 1) for part in Client().get("/admin/login/")["Content-Security-Policy"].split(";")
    )
    assert policy["default-src"] == "'none'" and policy["script-src"] == "'self' 'unsafe-eval'"
    elsewhere = {source for sources in policy.values() for source in sources.split()}
    assert elsewhere == {"'self'", "'none'", "'unsafe-eval'", "'unsafe-inline'", "data:"}


def test_no_template_of_ours_has_a_script_in_it() -> None:
    inline = re.compile(r"<script(?![^>]*\bsrc=)|\son[a-z]+\s*=\s*[\"']|javascript:")
    assert [path.name for path in our_sources() if path.suffix == ".html" and inline.search(path.read_text())] == []


def answering(monkeypatch: pytest.MonkeyPatch, output: str, error: str = "") -> None:
    done = subprocess.CompletedProcess([], 0, stdout=output, stderr=error)
    monkeypatch.setattr(subprocess, "run", lambda *_args, **_options: done)


def libraries(**known: Any) -> str:
    return json.dumps({"dependencies": [{"name": name, "version": "1.0", **facts} for name, facts in known.items()]})


def test_an_unsafe_library_fails_the_check_and_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    unsafe = {"vulns": [{"id": "PYSEC-2026-1", "fix_versions": ["1.1"]}]}
    answering(monkeypatch, libraries(django={"vulns": []}, left_pad=unsafe, ours={"skip_reason": "not found"}))
    assert dependencies.audit() == 1
    said = capsys.readouterr().out
    assert "left_pad 1.0 is unsafe: PYSEC-2026-1, mended in 1.1" in said
    assert "Nothing is known of 1: ours" in said and "audited: 2 of 3; unsafe: 1." in said


@pytest.mark.parametrize(
    "output", [libraries(django={"skip_reason": "no connection"}), "", "<html>proxy</html>", "{}"]
)
def test_where_nobody_answers_that_is_said_and_is_no_fault(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], output: str
) -> None:
    answering(monkeypatch, output, error="ConnectionError: no route")
    assert dependencies.audit() == 0
    assert capsys.readouterr().out.startswith("THE LIBRARIES WERE NOT AUDITED")


def test_every_pinned_library_is_pinned_exactly() -> None:
    for file in dependencies.FILES:
        lines = [line for line in (PROJECT / file).read_text().splitlines() if line and line[0] not in "#-"]
        assert not [line for line in lines if "==" not in line]

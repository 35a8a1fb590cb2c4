"""What the README promises."""

import re
from pathlib import Path

import pytest
from django.utils.translation import override

from config.health import PAGES
from operations.imports.faults import MESSAGES, ROW_FAULTS

PROJECT = Path(__file__).resolve().parents[2]


def test_readme_lists_every_error_code_and_no_other() -> None:
    readme = (PROJECT / "README.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| `([a-z0-9_]+)` \|", readme, re.MULTILINE)
    assert sorted(listed) == sorted(MESSAGES)


def test_readme_says_what_each_row_code_means_in_the_words_of_the_product() -> None:
    readme = (PROJECT / "README.md").read_text(encoding="utf-8")
    listed = dict(re.findall(r"^\| `([a-z0-9_]+)` \| (.+) \|$", readme, re.MULTILINE))
    with override("en"):
        said = {code: re.sub(r"%\(\w+\)s", "…", str(message)) for code, message in ROW_FAULTS.items()}
    assert {code: listed[code] for code in said} == said


def test_what_the_readme_points_to_is_there() -> None:
    for name in ("README.md", "README.zh-hans.md", "deploy/README.md", "deploy/README.zh-hans.md"):
        page = PROJECT / name
        links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
        assert links
        assert [link for link in links if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("name", ["README.md", "README.zh-hans.md"])
def test_what_the_readme_of_production_names_is_there(name: str) -> None:
    text = (PROJECT / "deploy" / name).read_text(encoding="utf-8")
    pages, tests = set(re.findall(r"/health/(?:\w+/)?(?=`)", text)), set(re.findall(r"tests/\w+/test_\w+\.py", text))
    assert pages == set(PAGES) and len(tests) == 4
    assert [test for test in tests if not (PROJECT / test).exists()] == []
    alerts = (PROJECT / "deploy" / "prometheus" / "alerts.yml").read_text(encoding="utf-8")
    named = set(re.findall(r"`(Plusdesk\w+)`", text))
    assert named and [each for each in named if f"alert: {each}\n" not in alerts] == []
    settings = (PROJECT / "config" / "settings.py").read_text(encoding="utf-8")
    said = set(re.findall(r"`([A-Z]+_[A-Z_]+)(?:=\w+)?`", text))
    assert len(said) > 8 and [each for each in said if f'"{each}"' not in settings] == []

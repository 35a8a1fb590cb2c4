"""What the README promises."""

import re
from pathlib import Path

from django.utils.translation import override

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
    for name in ("README.md", "README.zh-hans.md"):
        links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", (PROJECT / name).read_text(encoding="utf-8"))
        assert links
        assert [link for link in links if not (PROJECT / link).exists()] == []

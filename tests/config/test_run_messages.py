"""Translations are compiled without gettext, once."""

import gettext
import os
from pathlib import Path

from config import messages

SOURCE = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n\nmsgid "Points"\nmsgstr "积分"\n'


def test_a_catalogue_is_compiled_when_missing_or_older(tmp_path: Path) -> None:
    folder = tmp_path / "locale" / "zh_Hans" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    (folder / "django.po").write_text(SOURCE)
    compiled = folder / "django.mo"
    assert messages.compile_missing(tmp_path) == [compiled]
    with compiled.open("rb") as file:
        assert gettext.GNUTranslations(file).gettext("Points") == "积分"
    assert messages.compile_missing(tmp_path) == []
    os.utime(compiled, (0, 0))
    assert messages.compile_missing(tmp_path) == [compiled]
    assert sorted(path.name for path in folder.iterdir()) == ["django.mo", "django.po"]

"""Settings say yes or no without guessing, refuse half a production in one line, and keep files to themselves."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage

from config.embedded import paths
from config.flags import flag
from config.settings import DEMO_SECRETS_KEY
from tests.config.embedded_users import PROJECT

#: Of the shape of a key that seals secrets.
A_KEY = "QSBrZXkgb2YgdGhpcnR5LXR3byBieXRlcywgb3IgbW9yZS4uLg=="


def run_manage(*arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "manage.py", *arguments], cwd=PROJECT, env=os.environ | environment,
        capture_output=True, text=True,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("value", "answer"),
    [("1", True), ("True", True), ("YES", True), ("on", True), ("0", False), ("false", False), ("No", False),
     ("OFF", False)],
)
def test_a_flag_is_yes_or_no(monkeypatch: pytest.MonkeyPatch, value: str, answer: bool) -> None:
    monkeypatch.setenv("BEHIND_PROXY", value)
    assert flag("BEHIND_PROXY", default=not answer) is answer


def test_a_flag_that_is_not_set_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BEHIND_PROXY", raising=False)
    assert [flag("BEHIND_PROXY", default=True), flag("BEHIND_PROXY")] == [True, False]


@pytest.mark.parametrize("value", ["enabled", "2", "", "y"])
def test_any_other_word_is_refused_by_name(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("BEHIND_PROXY", value)
    with pytest.raises(ImproperlyConfigured, match=f"BEHIND_PROXY='{value}'"):
        flag("BEHIND_PROXY")


@pytest.mark.parametrize("name", ["PLUSDESK_PRODUCTION", "DEBUG", "SECURE_SSL_REDIRECT", "BEHIND_PROXY"])
def test_every_flag_of_the_settings_is_strict(name: str) -> None:
    done = run_manage("migrate", "--check", **{name: "enabled"})
    assert done.returncode == 1
    assert done.stderr.startswith(f"{name}='enabled' is neither yes nor no") and done.stderr.count("\n") == 1


def test_make_run_refuses_a_misspelt_production_before_anything_starts() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "config.run"], cwd=PROJECT, env=os.environ | {"PLUSDESK_PRODUCTION": "enabled"},
        capture_output=True, text=True,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("PLUSDESK_PRODUCTION='enabled'") and done.stderr.count("\n") == 1


def test_half_a_production_is_refused_in_one_line() -> None:
    done = run_manage("check", PLUSDESK_PRODUCTION="1", ALLOWED_HOSTS="desk.example", SECRETS_KEYS=A_KEY)
    assert done.returncode == 1
    assert done.stderr == (
        "Plusdesk does not start in production: SECRET_KEY is missing; SECRETS_HASH_KEY is missing.\n"
    )


def test_the_keys_of_the_demo_are_refused_in_production() -> None:
    done = run_manage(
        "check", PLUSDESK_PRODUCTION="1", ALLOWED_HOSTS="desk.example", SECRET_KEY="x" * 50,
        SECRETS_KEYS=f"{A_KEY},{DEMO_SECRETS_KEY}", SECRETS_HASH_KEY=DEMO_SECRETS_KEY,
    )  # fmt: skip
    assert done.returncode == 1
    assert "SECRETS_KEYS holds the demo's; SECRETS_HASH_KEY is the demo's" in done.stderr


@pytest.mark.parametrize("key", ["short", "not base64 at all, however long it may be", "c2hvcnQ="])
def test_a_key_that_is_none_is_refused_everywhere(key: str) -> None:
    done = run_manage("check", SECRETS_KEYS=key)
    assert done.returncode == 1 and "SECRETS_KEYS and SECRETS_HASH_KEY are base64 of 32 bytes" in done.stderr


def test_production_starts_no_server_and_moves_nothing_before_it_is_refused(tmp_path: Path) -> None:
    data = tmp_path / "data"
    done = run_manage("migrate", PLUSDESK_PRODUCTION="1", DATABASE_URL="", REDIS_URL="", PLUSDESK_DATA=str(data))
    assert done.returncode == 1
    assert done.stderr.startswith("Plusdesk does not start in production: ") and done.stderr.count("\n") == 1
    assert "DATABASE_URL is missing; REDIS_URL is missing" in done.stderr
    assert not data.exists() and not paths.sheltered(data).exists()


def test_data_stays_where_it_was_wanted_when_no_server_of_ours_needs_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    tmp_path.chmod(0o700)
    monkeypatch.setenv("PLUSDESK_DATA", str(tmp_path / "data"))
    assert paths.data_dir() == tmp_path / "data"
    made = paths.make_data_dir(paths.data_dir(), for_servers=False)
    assert stat.S_IMODE(made.stat().st_mode) == 0o700


def test_uploads_are_for_their_owner_only(tmp_path: Path) -> None:
    storage = FileSystemStorage(tmp_path / "data" / "uploads")
    name = storage.save("imports/list.csv", ContentFile(b"x"))
    stored = Path(storage.path(name))
    assert stat.S_IMODE(stored.stat().st_mode) == 0o600
    assert [stat.S_IMODE(folder.stat().st_mode) for folder in list(stored.parents)[:3]] == [0o700] * 3

"""As root the servers run as another account, which a closed home must not shut out."""

import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.embedded import paths
from config.embedded.accounts import Account
from tests.config.embedded_users import PROJECT, Visitor, environment_for, processes_of, server_pid

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")


@pytest.fixture
def closed_home() -> Iterator[Path]:
    """A folder that only root may enter, like /root; its stand-in is removed as well."""
    home = Path(tempfile.mkdtemp(prefix="plusdesk-home-"))
    yield home
    shutil.rmtree(paths.sheltered(home / "var"), ignore_errors=True)
    shutil.rmtree(home)


def test_servers_do_not_run_as_root_and_data_stands_where_they_can_reach_it(closed_home: Path) -> None:
    visitor = Visitor(closed_home / "var")
    assert visitor.arrive() == (1, 1)
    shelter = paths.sheltered(closed_home / "var")
    assert not (closed_home / "var").exists()
    for program in ("/postgres", "/valkey-server"):
        owner = Path(f"/proc/{server_pid(shelter, program)}").stat().st_uid
        assert pwd.getpwuid(owner).pw_name == "nobody"
    visitor.leave()
    assert processes_of(shelter) == []


def test_programs_are_copied_where_they_can_be_read(closed_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nobody = pwd.getpwnam("nobody")
    account = Account(nobody.pw_uid, nobody.pw_gid)
    installed = paths.programs(Account(0, 0))
    packages = closed_home / "packages"
    packages.mkdir()
    postgres = installed.postgres_bin.parents[1]
    for folder in (postgres, postgres.with_name(f"{postgres.name}.libs"), installed.valkey_server.parents[2]):
        shutil.copytree(folder, packages / folder.name, symlinks=True)
    monkeypatch.setattr(paths, "_package", lambda name: packages / name)
    monkeypatch.setattr(paths, "SHELTER", Path(tempfile.mkdtemp(prefix="plusdesk-shelter-")))
    paths.SHELTER.chmod(0o755)
    copied = paths.programs(account)
    assert copied == paths.programs(account)
    for program in (copied.postgres_bin / "initdb", copied.valkey_server):
        subprocess.run([program, "--version"], check=True, capture_output=True, user="nobody", cwd="/")
    shutil.rmtree(paths.SHELTER)


def test_an_ordinary_users_folder_stays_the_users(closed_home: Path) -> None:
    closed_home.chmod(0o755)
    folder = closed_home / "var"
    folder.mkdir()
    shutil.chown(folder, "games", "games")
    visitor = Visitor(folder)
    visitor.arrive()
    visitor.leave()
    owners = {path.owner() for path in folder.iterdir()}
    assert owners == {"games"}


def test_a_foreign_data_folder_is_refused_in_words(closed_home: Path) -> None:
    closed_home.chmod(0o755)
    folder = closed_home / "var"
    folder.mkdir(mode=0o700)
    code = "import os\nfrom config import embedded\nos.setuid(65534)\nwith embedded.servers(): pass"
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        cwd=PROJECT,
        env=environment_for(folder),
    )
    assert f"The data folder {folder} belongs to another user." in done.stderr

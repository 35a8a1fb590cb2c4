"""The account the servers run as.

PostgreSQL refuses to run as root, so as root both servers run as `nobody` (or as the ordinary user
who already owns the data folder). That account must be able to reach the data and the programs.
"""

import os
import pwd
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from config.embedded.errors import EmbeddedServersError


@dataclass(frozen=True)
class Account:
    """The user and group of a server's processes and files."""

    uid: int
    gid: int

    def can_enter(self, folder: Path) -> bool:
        """Whether every folder on the way to `folder`, and itself where it exists, lets us pass."""
        folder = folder.resolve()
        return all(self._may_search(path) for path in (folder, *folder.parents) if path.exists())

    def _may_search(self, folder: Path) -> bool:
        facts = folder.stat()
        if facts.st_uid == self.uid:
            return bool(facts.st_mode & stat.S_IXUSR)
        if facts.st_gid == self.gid:
            return bool(facts.st_mode & stat.S_IXGRP)
        return bool(facts.st_mode & stat.S_IXOTH)

    def own(self, path: Path) -> None:
        """Give `path` to this account; only root can, and only root needs to."""
        if os.geteuid() == 0:
            os.chown(path, self.uid, self.gid)

    def spawn_options(self) -> dict[str, Any]:
        """The arguments of Popen that make a child run as this account."""
        if os.geteuid() != 0:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}


def server_account(folder: Path) -> Account:
    """Who the servers of the data folder `folder` run as, when started by the present user."""
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid())
    if folder.exists() and (facts := folder.stat()).st_uid != 0:
        return Account(facts.st_uid, facts.st_gid)
    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError:
        raise EmbeddedServersError(
            "PostgreSQL does not run as root and there is no account 'nobody' to run it as."
            " Run as an ordinary user, or set DATABASE_URL and REDIS_URL to your own servers."
        ) from None
    return Account(nobody.pw_uid, nobody.pw_gid)


def give_to_folder_owner(path: Path) -> None:
    """Root may work in an ordinary user's data folder; what it creates there must stay the user's."""
    if os.geteuid() == 0:
        owner = path.parent.stat()
        os.chown(path, owner.st_uid, owner.st_gid)

"""What the upper floors hang into the ground floor, by name (see ARCHITECTURE.md, "Registration").

Each floor registers its jobs, importers, outlets, book checks, approval actions and sections of programme files in
AppConfig.ready(); pages, commands and workers look them up here.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from django.utils.translation import gettext as _

from operations.errors import UnknownNameError

if TYPE_CHECKING:
    from operations.admin.panels import MemberPanel, ProgrammePanel
    from operations.api.routers import ApiRouter, ApiScope
    from operations.approvals import ApprovalAction
    from operations.imports.importer import Importer
    from operations.notices import NoticeKind
    from operations.outlets import Outlet
    from operations.services.books import BookCheck
    from operations.services.jobs import Job


class _Named(Protocol):
    name: str


_T = TypeVar("_T", bound=_Named)


class Registry(Generic[_T]):
    """Things by their name. A name is registered once."""

    def __init__(self, noun: str) -> None:
        self.noun = noun
        self._entries: dict[str, _T] = {}

    def register(self, entry: _T) -> None:
        """Add `entry`; ValueError when its name is taken."""
        if entry.name in self._entries:
            raise ValueError(f"{self.noun} {entry.name} is registered twice")
        self._entries[entry.name] = entry

    def get(self, name: str) -> _T:
        """The entry of that name; UnknownNameError names those there are."""
        try:
            return self._entries[name]
        except KeyError:
            known = ", ".join(sorted(self._entries))
            raise UnknownNameError(
                _("There is no %(noun)s “%(name)s”; there are: %(known)s")
                % {"noun": self.noun, "name": name, "known": known}
            ) from None

    def find(self, name: str) -> _T | None:
        """The entry of that name; None when it is gone."""
        return self._entries.get(name)

    def __iter__(self) -> Iterator[_T]:
        return iter(self._entries.values())


jobs: "Registry[Job]" = Registry("job")
importers: "Registry[Importer]" = Registry("importer")
outlets: "Registry[Outlet]" = Registry("outlet")
book_checks: "Registry[BookCheck]" = Registry("book check")
approval_actions: "Registry[ApprovalAction]" = Registry("approval action")
#: Of memberships/programme_files/sections.py, the floor above, which this one does not know.
programme_sections: "Registry[Any]" = Registry("section of programme files")
notices: "Registry[NoticeKind]" = Registry("notice")
#: Sections that upper floors add to a member's page (operations/admin/panels.py), in the order of registration.
member_panels: "Registry[MemberPanel]" = Registry("panel of the member's page")
#: The same of a programme's page.
programme_panels: "Registry[ProgrammePanel]" = Registry("panel of the programme's page")
#: Of memberships/demo/parts.py, in the order in which they are made.
demo_parts: "Registry[Any]" = Registry("part of the demo")
#: Operations of the HTTP API, which config/api.py mounts, and what its tokens may be good for (operations/api/).
api_routers: "Registry[ApiRouter]" = Registry("router of the API")
api_scopes: "Registry[ApiScope]" = Registry("scope of the API")

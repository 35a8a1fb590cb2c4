"""What the upper floors hang into the ground floor, by name (see ARCHITECTURE.md, "Registration").

Each floor lists its jobs, importers, outlets, book checks, approval actions and sections of programme files in its
registered.py, which AppConfig.ready() registers; pages, commands and workers look them up here.
"""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from django.utils.translation import gettext as _

from operations.errors import UnknownNameError

if TYPE_CHECKING:
    from operations.admin.dashboard import DashboardPanel, WorkList
    from operations.admin.finders import Finder
    from operations.admin.panels import MemberPanel, ProgrammePanel
    from operations.admin.timeline import TimelineSource
    from operations.api.routers import ApiRouter, ApiScope
    from operations.approvals import ApprovalAction
    from operations.bulk import BulkAction
    from operations.closing import ClosingPart
    from operations.gauges import Gauge
    from operations.imports.importer import Importer
    from operations.merging import MergePart
    from operations.notices import NoticeKind
    from operations.outlets import Outlet
    from operations.rollups import RollUp
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
#: What of a member goes and what stays when their account is closed, and what blocks that (operations/closing.py).
closing_parts: "Registry[ClosingPart]" = Registry("part of closing an account")
#: What of two records of one person moves, stays and contradicts when they are merged (operations/merging.py).
merge_parts: "Registry[MergePart]" = Registry("part of merging records")
#: What a member's timeline is made of, in the order of its filters (operations/admin/timeline.py).
timeline_sources: "Registry[TimelineSource]" = Registry("source of the timeline")
#: The same of a programme's page.
programme_panels: "Registry[ProgrammePanel]" = Registry("panel of the programme's page")
#: Figures that a job measures and pages show (operations/rollups.py).
roll_ups: "Registry[RollUp]" = Registry("roll-up")
#: Parts of the first page, and what waits there to be done (operations/admin/dashboard.py).
dashboard_panels: "Registry[DashboardPanel]" = Registry("panel of the first page")
work_lists: "Registry[WorkList]" = Registry("work list")
#: What the box of the header finds, in the order in which it is shown (operations/admin/finders.py).
finders: "Registry[Finder]" = Registry("finder")
#: Of memberships/profit.py: what a programme's profit and loss is made of.
profit_sources: "Registry[Any]" = Registry("source of profit and loss")
#: Of memberships/demo/parts.py, in the order in which they are made.
demo_parts: "Registry[Any]" = Registry("part of the demo")
#: What can be done to many records of a list at once (operations/bulk.py).
bulk_actions: "Registry[BulkAction]" = Registry("bulk action")
#: Operations of the HTTP API, which config/api.py mounts, and what its tokens may be good for (operations/api/).
api_routers: "Registry[ApiRouter]" = Registry("router of the API")
api_scopes: "Registry[ApiScope]" = Registry("scope of the API")
#: How things stand, for Prometheus (operations/gauges.py).
gauges: "Registry[Gauge]" = Registry("gauge")

#: What a floor registers: each registry with its entries, in the order in which they are shown or run.
Registered = Iterable[tuple["Registry[Any]", Iterable[Any]]]


def register_all(registered: Registered) -> None:
    """Register each entry; ValueError when a name is taken."""
    for registry, entries in registered:
        for entry in entries:
            registry.register(entry)

"""Sections that a floor adds to a page of a floor below it, which does not know it."""

from datetime import date
from typing import Any

from django.http import HttpRequest


class MemberPanel:
    """A section of a member's page, shown to those who have its permission."""

    name: str
    permission: str
    #: Gets what `context` returned as `panel`, beside the page's own context.
    template: str
    #: What is rarely wanted stands under the other panels.
    is_last = False

    def context(self, request: HttpRequest, member_id: int) -> dict[str, Any]:
        """What the template shows of a member; in a fixed number of queries.

        `tiles`, if there: figures (operations/admin/dashboard.py) for the top of the page.
        """
        raise NotImplementedError


class ProgrammePanel:
    """A section of a programme's page, shown to those who have its permission."""

    name: str
    permission: str
    #: Gets what `context` returned as `panel`, beside the page's own context.
    template: str

    def context(self, request: HttpRequest, programme_id: int, *, on: date) -> dict[str, Any]:
        """What the template shows of a programme on a day; in a fixed number of queries."""
        raise NotImplementedError

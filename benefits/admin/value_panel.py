"""The section “Value” of a member's page: was each of their cards worth it so far?"""

from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from benefits.services.values import latest_sums_of
from memberships.admin.display import today
from memberships.models import Member
from operations.admin.panels import MemberPanel


class ValuePanel(MemberPanel):
    name = "values"
    permission = "benefits.view_valuestatement"
    template = "benefits/value_panel.html"

    def context(self, request: HttpRequest, member_id: int) -> dict[str, Any]:
        found = latest_sums_of(Member(pk=member_id), on=today())
        return {"values": [
            (programme, sums, statement_url(member_id, programme.pk)) for programme, sums in found
        ]}


def statement_url(member_id: int, programme_id: int) -> str:
    """The page of a member's statements in a programme."""
    return reverse("admin:benefits_valuestatement_statement", args=[member_id, programme_id])

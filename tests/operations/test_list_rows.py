"""Lists are drawn quickly, and to the letter as Unfold draws them."""

import re

import pytest
from django.test import Client
from django.urls import reverse
from unfold.admin import ModelAdmin
from unfold.templatetags import unfold_list

from operations.admin import list_rows
from operations.admin.list_rows import QuickRows
from tests.credit.credit_stories import a_line
from tests.memberships.admin_pages import a_superuser
from tests.memberships.desk_stories import a_due_card

pytestmark = pytest.mark.django_db
#: What each answer has of its own.
OWN = re.compile(
    r'nonce="[^"]*"|name="csrfmiddlewaretoken" value="[^"]*"|"X-CSRFToken": "[^"]*"|data-(idle|hours)="[0-9]+"'
)


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_lists_are_drawn_as_unfold_draws_them(language: str, monkeypatch: pytest.MonkeyPatch) -> None:
    a_line()
    a_due_card()
    desk = Client(headers={"accept-language": language})
    desk.force_login(a_superuser())
    lists = ("memberships_subscription", "memberships_member", "credit_creditline")

    def drawn() -> list[str]:
        return [OWN.sub("", desk.get(reverse(f"admin:{name}_changelist")).content.decode()) for name in lists]

    drawn()
    quickly = drawn()
    monkeypatch.setattr(unfold_list, "result_headers", list_rows._headers_of)
    monkeypatch.setattr(unfold_list, "display_for_label", list_rows._draw_label)
    monkeypatch.setattr(QuickRows, "action_checkbox", ModelAdmin.action_checkbox)
    assert quickly == drawn()
    assert all('name="_selected_action"' in page for page in quickly[:1])

"""Reasons of adjustments at the desk: added, renamed, retired; never deleted, and read by all."""

import pytest
from django.contrib.auth.models import Group
from django.test import Client

from memberships.admin.display import today
from memberships.models import AdjustmentReason, PointsEntry
from memberships.services.points_adjustments import adjust_points
from operations import roles
from tests.memberships.admin_pages import signed_in
from tests.memberships.factories import an_operator
from tests.memberships.points_stories import a_wallet, morning

pytestmark = pytest.mark.django_db
PAGES = "/admin/memberships/adjustmentreason/"


def desk_of(role: roles.Role) -> Client:
    user = an_operator(role.name)
    user.groups.add(Group.objects.get(name=role.group))
    return signed_in(user)


@pytest.fixture
def manager() -> Client:
    return desk_of(roles.PROGRAMME_MANAGER)


def page_of(reason: AdjustmentReason) -> str:
    return f"{PAGES}{reason.pk}/change/"


def test_manager_adds_a_reason_and_the_desk_can_choose_it(manager: Client) -> None:
    facts = {"code": "broken-parcel", "name": "包裹破损", "name_en": "Broken parcel", "is_active": "on"}
    assert manager.post(f"{PAGES}add/", facts).status_code == 302
    wallet = a_wallet()
    form = desk_of(roles.OPERATOR).get(f"/admin/memberships/enrolment/{wallet.pk}/adjust/").content.decode()
    assert "Broken parcel" in form and "Opening balance" not in form
    again = manager.post(f"{PAGES}add/", facts)
    assert "code" in again.context["adminform"].form.errors


def test_retired_reason_stays_on_old_entries_and_is_chosen_no_more(manager: Client) -> None:
    goodwill, wallet = AdjustmentReason.objects.get(code="goodwill"), a_wallet()
    entry = adjust_points(
        wallet, 50, reason_code="goodwill", key="gift", on=today(), at=morning(today()), actor=None, reason="a gift"
    )
    manager.post(page_of(goodwill), {"name": goodwill.name, "name_en": "Goodwill", "code": "other"})
    goodwill.refresh_from_db()
    assert (goodwill.code, goodwill.is_active) == ("goodwill", False)  # a code never changes
    assert PointsEntry.objects.get(pk=entry.pk).reason_code == goodwill
    form = desk_of(roles.OPERATOR).get(f"/admin/memberships/enrolment/{wallet.pk}/adjust/").context["form"]
    assert goodwill not in form.fields["reason_code"].queryset


def test_reason_does_not_take_a_word_of_another(manager: Client) -> None:
    goodwill = AdjustmentReason.objects.get(code="goodwill")
    facts = {"code": "broken-parcel", "name": "包裹破损", "name_en": "Broken parcel", "is_active": "on"}
    taken = [("code", "GoodWill"), ("name", goodwill.name), ("name", "goodwill"), ("name_en", "ＧＯＯＤＷＩＬＬ")]
    for field, word in taken:
        answer = manager.post(f"{PAGES}add/", {**facts, field: word})
        assert list(answer.context["adminform"].form.errors) == [field]
    assert manager.post(f"{PAGES}add/", facts).status_code == 302
    # One that has a double from before is retired, and not taken up again before it has a name of its own.
    double = AdjustmentReason.objects.create(code="kind", name="善意", name_en="Goodwill")
    names = {"name": "善意", "name_en": "Goodwill"}
    assert manager.post(page_of(double), names).status_code == 302
    answer = manager.post(page_of(double), {**names, "is_active": "on"})
    assert "has this name or code already" in answer.content.decode()
    assert manager.post(page_of(double), {"name": "善意", "name_en": "Kind", "is_active": "on"}).status_code == 302


def test_no_reason_is_deleted_and_that_of_opening_balances_stays_as_it_is(manager: Client) -> None:
    for reason in AdjustmentReason.objects.all():
        assert manager.post(f"{PAGES}{reason.pk}/delete/", {"post": "yes"}).status_code == 403
    opening = AdjustmentReason.objects.get(code="opening-balance")
    assert manager.post(page_of(opening), {"name": "x", "name_en": "x", "is_active": "on"}).status_code == 403
    opening.refresh_from_db()
    # Those of opening balances, of closed accounts and of merged records are the house's own.
    assert not opening.is_active and AdjustmentReason.objects.count() == 6


def test_operators_and_auditors_read_reasons_and_change_none() -> None:
    goodwill = AdjustmentReason.objects.get(code="goodwill")
    for role in (roles.OPERATOR, roles.AUDITOR):
        desk = desk_of(role)
        assert desk.get(PAGES).status_code == desk.get(page_of(goodwill)).status_code == 200
        assert desk.get(f"{PAGES}add/").status_code == desk.post(page_of(goodwill), {}).status_code == 403


def test_trail_says_who_retired_a_reason(manager: Client) -> None:
    gift = AdjustmentReason.objects.create(code="gift", name="礼物", name_en="Gift")
    manager.post(page_of(gift), {"name": "礼物", "name_en": "Gift"})
    history = manager.get(f"{PAGES}{gift.pk}/history/").content.decode()
    assert "programme_manager" in history and "Can be chosen" in history

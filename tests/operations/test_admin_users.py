"""Rights are granted by superusers; who may only change users keeps to names."""

import pytest
from django.contrib.auth.models import Group, Permission

from operations.models import User
from operations.roles import ADMINISTRATOR, APPROVER
from tests.memberships.admin_pages import a_superuser, granted, signed_in
from tests.memberships.factories import an_operator

pytestmark = pytest.mark.django_db
USERS = "/admin/operations/user/"


def form_of(user: User, **changes: object) -> dict[str, object]:
    return {"username": user.username, "first_name": "", "last_name": "", "email": "", "is_active": "on", **changes}


def test_nobody_makes_themself_mighty() -> None:
    xiaomei = granted(an_operator(), "operations.change_user")
    url = f"{USERS}{xiaomei.pk}/change/"
    assert signed_in(xiaomei).post(url, form_of(xiaomei, is_superuser="on", first_name="Mei")).status_code == 302
    xiaomei.refresh_from_db()
    assert (xiaomei.first_name, xiaomei.is_superuser, xiaomei.is_staff) == ("Mei", False, True)


def test_a_superuser_is_out_of_reach_of_others() -> None:
    root, xiaomei = a_superuser(), granted(an_operator(), "operations.change_user")
    desk = signed_in(xiaomei)
    assert desk.post(f"{USERS}{root.pk}/change/", form_of(root)).status_code == 403
    assert desk.get(f"{USERS}{root.pk}/password/").status_code == 403


@pytest.mark.parametrize("is_active", [True, False])
@pytest.mark.parametrize("is_in_group", [True, False])
def test_an_administrator_cannot_become_the_second_person(is_in_group: bool, is_active: bool) -> None:
    """With an approver's password one would approve one's own requests."""
    boss, laowang = an_operator("boss"), an_operator("laowang")
    boss.groups.add(Group.objects.get(name=ADMINISTRATOR.group))
    if is_in_group:
        laowang.groups.add(Group.objects.get(name=APPROVER.group))
    else:
        laowang.user_permissions.add(Permission.objects.get(codename="decide_approval"))
    User.objects.filter(pk=laowang.pk).update(is_active=is_active)
    desk = signed_in(boss)
    sent = {"usable_password": "true", "password1": "tang-shan-9182", "password2": "tang-shan-9182"}
    assert desk.post(f"{USERS}{laowang.pk}/password/", sent).status_code == 403
    assert desk.post(f"{USERS}{laowang.pk}/change/", form_of(laowang)).status_code == 403
    laowang.refresh_from_db()
    assert (laowang.check_password("tang-shan-9182"), laowang.is_active) == (False, is_active)
    assert desk.get(f"{USERS}{an_operator().pk}/password/").status_code == 200
    assert signed_in(a_superuser()).get(f"{USERS}{laowang.pk}/password/").status_code == 200


def test_a_superuser_makes_and_changes_users() -> None:
    desk, xiaomei = signed_in(a_superuser()), an_operator()
    assert desk.get(f"{USERS}add/").status_code == 200
    made = {"username": "ling", "usable_password": "true", "password1": "tang-shan-9182", "password2": "tang-shan-9182"}
    assert desk.post(f"{USERS}add/", made).status_code == 302
    assert User.objects.filter(username="ling").exists()
    url = f"{USERS}{xiaomei.pk}/change/"
    assert desk.get(url).status_code == 200
    assert desk.post(url, form_of(xiaomei, is_superuser="on")).status_code == 302
    xiaomei.refresh_from_db()
    assert xiaomei.is_superuser


def test_users_are_not_deleted() -> None:
    xiaomei = an_operator()
    assert signed_in(a_superuser()).post(f"{USERS}{xiaomei.pk}/delete/", {"post": "yes"}).status_code == 403


def test_groups_are_for_superusers() -> None:
    group = Group.objects.create(name="operators")
    url = f"/admin/auth/group/{group.pk}/change/"
    assert signed_in(granted(an_operator(), "auth.change_group", "auth.view_group")).get(url).status_code == 200
    clerk = signed_in(User.objects.get(username="xiaomei"))
    assert clerk.post(url, {"name": "masters"}).status_code == 403
    assert signed_in(a_superuser()).post(url, {"name": "masters"}).status_code == 302


def test_the_histories_of_users_and_groups_say_what_was_granted() -> None:
    xiaomei, group = an_operator(), Group.objects.create(name="masters")
    desk, right = signed_in(a_superuser()), Permission.objects.get(codename="view_reveal")
    desk.post(f"/admin/auth/group/{group.pk}/change/", {"name": "masters", "permissions": [right.pk]})
    desk.post(f"{USERS}{xiaomei.pk}/change/", form_of(xiaomei, is_staff="on", groups=[group.pk]))
    assert "masters" in str(desk.get(f"{USERS}{xiaomei.pk}/history/").context["history"].entries[0].changes)
    newest = desk.get(f"/admin/auth/group/{group.pk}/history/").context["history"].entries[0]
    assert newest.record == "right of a group" and "reveal" in str(newest.changes)


def test_the_history_of_a_user_says_who_changed_what() -> None:
    root, xiaomei = a_superuser(), an_operator()
    desk = signed_in(root)
    desk.post(f"{USERS}{xiaomei.pk}/change/", form_of(xiaomei, first_name="Mei", is_staff="on"))
    page = desk.get(f"{USERS}{xiaomei.pk}/history/")
    newest = page.context["history"].entries[0]
    assert newest.actor == root
    assert [(change.before, change.after) for change in newest.changes] == [("", "Mei")]
    assert newest.facts["url"] == f"{USERS}{xiaomei.pk}/change/" and newest.facts["request"]

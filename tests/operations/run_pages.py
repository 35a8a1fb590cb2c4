"""Who looks at job runs, and what they see and press."""

from typing import Any

from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from operations.models import JobRun, User

START = "/admin/operations/jobrun/add/"
LIST = "/admin/operations/jobrun/"
NIGHTS = "/admin/operations/jobrun/nights/"


def someone(username: str, *codenames: str) -> User:
    user = User.objects.create_user(username, password="a-long-enough-password", is_staff=True)
    user.user_permissions.add(*Permission.objects.filter(codename__in=codenames))
    return user


def signed_in(user: User) -> Client:
    client = Client(headers={"accept-language": "en"})
    client.force_login(user)
    return client


def who_operates() -> Client:
    """On call: sees runs, and operates them."""
    return signed_in(someone("oncall", "view_jobrun", "operate_jobrun"))


def who_only_reads() -> Client:
    """An auditor."""
    return signed_in(someone("auditor", "view_jobrun"))


def who_has_no_business_here() -> Client:
    """A colleague from another desk."""
    return signed_in(someone("colleague", "view_member"))


def url(run: JobRun, page: str = "change") -> str:
    return reverse(f"admin:operations_jobrun_{page}", args=[run.pk])


def seen(client: Client, address: str, **query: Any) -> str:
    response = client.get(address, query)
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


def press(client: Client, run: JobRun, action: str) -> str:
    response = client.post(url(run, action), follow=True)
    assert response.status_code == 200
    return " ".join(response.content.decode().split())

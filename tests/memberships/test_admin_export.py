"""Taking the list of firms away as a file."""

import csv
import io

import pytest
from django.test import Client

from memberships.demo import credit_code
from memberships.models import EnterpriseCustomer, Member, MemberContact
from operations.models import User
from tests.memberships.admin_pages import granted, signed_in
from tests.memberships.factories import TODAY

pytestmark = pytest.mark.django_db
EXPORT = "/admin/memberships/enterprisecustomer/export/"


def a_firm(number: int, **facts: str) -> EnterpriseCustomer:
    member = Member.objects.create(kind="enterprise", joined_on=TODAY)
    MemberContact.objects.create(member=member, name="韩梅梅", mobile="13800138000", email="han@example.com")
    return EnterpriseCustomer.objects.create(
        member=member, credit_code=credit_code("330106", number),
        **{"legal_name": f"西溪商贸{number}有限公司", "province": "浙江省", **facts},
    )


def exporter(*more: str) -> Client:
    clerk = User.objects.create_user("clerk", is_staff=True)
    return signed_in(granted(clerk, "memberships.view_enterprisecustomer", *more))


def test_exported_list_masks_people_and_guards_formulas() -> None:
    a_firm(1, legal_name="=cmd|' /C calc'!A0")
    response = exporter("memberships.export_enterprisecustomer").get(EXPORT)
    text = b"".join(response.streaming_content).decode("utf-8-sig")
    assert "'=cmd" in text
    assert "138****8000" in text
    assert "13800138000" not in text
    assert "韩梅梅" not in text


def test_export_takes_what_the_filter_leaves() -> None:
    a_firm(1)
    a_firm(2, province="广东省")
    response = exporter("memberships.export_enterprisecustomer").get(EXPORT, {"province": "广东省"})
    rows = list(csv.DictReader(io.StringIO(b"".join(response.streaming_content).decode("utf-8-sig"))))
    assert [row["legal name"] for row in rows] == ["西溪商贸2有限公司"]


def test_who_may_only_look_cannot_export() -> None:
    a_firm(1)
    client = exporter()
    assert client.get(EXPORT).status_code == 403
    assert EXPORT not in client.get("/admin/memberships/enterprisecustomer/").content.decode()

"""A programme's page says in words what its file says of benefits."""

import pytest
from django.test import Client
from django.urls import reverse

from operations.models import User
from tests.benefits.programme_file_stories import beneficial
from tests.memberships.programme_stories import applied

pytestmark = pytest.mark.django_db


def test_the_page_of_a_programme_tells_benefits_groups_and_budgets(client: Client) -> None:
    programme = applied(beneficial())
    user = User.objects.create_superuser("xiaochen", password="not asked for here")
    client.force_login(user)
    url = reverse("admin:memberships_programme_change", args=[programme.pk])
    shown = client.get(url, headers={"accept-language": "en"}).content.decode()
    assert "card “Annual card”, 12 per year from the day the right began, from 2027-01-15" in shown
    assert "tier “Gold”, 1 per month, from 2027-01-15" in shown
    assert "if chosen in “One of two”" in shown
    assert "One of two: 1 per term of the card of" in shown
    assert "Coupons: 0" in shown

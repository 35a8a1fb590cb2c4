"""JD enterprise store membership: five stars by cumulative points."""

import pytest

from memberships.models import Tier
from memberships.services.enrolments import enrol_member
from tests.memberships.factories import TODAY, a_firm
from tests.programmes.stories import goes_in_and_comes_out_the_same

pytestmark = pytest.mark.django_db


def test_the_file_makes_the_programme_with_its_five_stars() -> None:
    programme = goes_in_and_comes_out_the_same("jd-store-stars")
    stars = Tier.objects.filter(group__programme=programme).order_by("rank")
    assert [(star.code, star.threshold) for star in stars] == [
        ("star-1", 0), ("star-2", 35_000), ("star-3", 100_000), ("star-4", 200_000), ("star-5", 600_000),
    ]


def test_each_store_of_a_firm_has_its_own_enrolment() -> None:
    programme = goes_in_and_comes_out_the_same("jd-store-stars")
    firm = a_firm()
    stores = [enrol_member(firm, programme, on=TODAY, actor=None, scope=store) for store in ("朝阳店", "海淀店")]
    assert stores[0] != stores[1]

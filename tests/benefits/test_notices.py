"""A member hears that coupons are about to end: once, of all that end on a day; not of what was used."""

import pytest

from benefits.models import Grant
from operations import registry
from operations.services.notices import notice_ranges
from tests.benefits.redemption_stories import TODAY, a_coupon, a_gift, a_member, use
from tests.memberships.night_stories import at_night
from tests.memberships.notice_stories import DAY, told_once


@pytest.mark.django_db
def test_all_that_ends_on_a_day_is_told_in_one_notice_a_week_ahead() -> None:
    member, other = a_member(), a_member()
    coupon, gift = a_coupon(4), a_gift(4)
    for _number in range(3):
        use(member, coupon)
    use(member, gift)
    use(other, coupon)
    assert Grant.objects.filter(member=other).update(state="used", used_on=TODAY) == 1
    last = Grant.objects.filter(member=member, benefit=coupon).first().valid_until
    assert last is not None
    Grant.objects.filter(member=member).update(valid_until=last)
    kind = registry.notices.get("benefits_end_7")
    notices = told_once(kind, last - 7 * DAY)
    assert {notice.owner for notice in notices} == {member.pk}
    facts = notices[0].facts
    assert (facts["benefits"], facts["others"], facts["last_on"]) == (4, 1, last.isoformat())
    assert facts["names_en"] == "Freight coupon, Freight coupon, Freight coupon"
    assert notice_ranges(kind, on=last - 6 * DAY, at=at_night(last), size=10) == []

"""88VIP: a paid card with over ten benefits, of which a member uses few; what was left unused is told, not made."""

from datetime import date

import pytest

from benefits.errors import OutOfStockError, QuotaUsedUpError
from benefits.models import Benefit, Grant, Redemption, Usage
from benefits.services.entitlements import Entitlement, entitlements_of
from memberships.models import Enrolment, Member, Plan, Programme
from memberships.services.enrolments import enrol_member
from memberships.services.subscriptions import join
from partners.models import Offer, VoucherCode
from tests.benefits.redemption_stories import differences, use
from tests.memberships.factories import TODAY, a_person
from tests.memberships.night_stories import run_job
from tests.partners.voucher_stories import code_of, codes
from tests.programmes.stories import entitled, evaluated, in_effect, noon, shipped

pytestmark = pytest.mark.django_db

APRIL, LAST_DAY, AFTER = date(2027, 4, 10), date(2028, 1, 14), date(2028, 1, 15)
#: Of the eleven, what the member of the story uses.
USED = {"eleme-free-order", "hema", "88vip-5"}


@pytest.fixture
def programme() -> Programme:
    return in_effect(shipped("taobao"))


def an_88vip(programme: Programme) -> tuple[Member, Enrolment]:
    """Enrolled, and with the paid card."""
    member = a_person()
    wallet = enrol_member(member, programme, on=TODAY, at=noon(TODAY), actor=None)
    join(member, Plan.objects.get(programme=programme), on=TODAY, actor=None)
    evaluated(wallet, on=TODAY)
    return member, wallet


def the(programme: Programme, code: str) -> Benefit:
    return Benefit.objects.get(programme=programme, code=code)


def free_order_codes(*texts: str) -> None:
    """Ele.me delivered these codes."""
    codes(Offer.objects.get(benefit__code="eleme-free-order"), *texts)


def lines_of(member: Member, *, on: date) -> dict[str, tuple[int | None, int, int | None]]:
    """Quota, used and left of each benefit."""
    return {line.benefit.code: (line.quota, line.used, line.left) for line in lines(member, on=on)}


def lines(member: Member, *, on: date) -> list[Entitlement]:
    return [line for line in entitlements_of(member, on=on) if line.is_entitled]


def uses_some(programme: Programme, member: Member) -> None:
    """In April: a free order, Hema twice, and one of the seven that are only 88VIP's."""
    free_order_codes("ELE-0001", "ELE-0002")
    use(member, the(programme, "eleme-free-order"), on=APRIL)
    for _time in range(2):
        use(member, the(programme, "hema"), on=APRIL)
    use(member, the(programme, "88vip-5"), on=APRIL)


def test_a_new_88vip_has_eleven_benefits_and_nothing_was_made_for_them(programme: Programme) -> None:
    member, _wallet = an_88vip(programme)
    has = lines_of(member, on=TODAY)
    assert len(has) == 11
    assert has["eleme-free-order"] == (2, 0, 2), "one as a member, one by the card"
    assert all(used == 0 for _quota, used, _left in has.values())
    assert not Usage.objects.exists() and not Grant.objects.exists() and not Redemption.objects.exists()


def test_what_was_left_unused_is_told_and_was_never_made(programme: Programme) -> None:
    member, _wallet = an_88vip(programme)
    uses_some(programme, member)
    assert lines_of(member, on=APRIL)["eleme-free-order"] == (2, 1, 1)
    has = lines_of(member, on=LAST_DAY)
    assert has == {
        "eleme-free-order": (2, 0, 2),  # of January; April's second one was let go
        "fliggy": (None, 0, None), "amap": (None, 0, None), "hema": (None, 2, None), "88vip-5": (1, 1, 0),
        **{f"88vip-{number}": (1, 0, 1) for number in range(6, 12)},
    }
    made = Usage.objects.filter(member=member).values_list("benefit__code", flat=True)
    assert set(made) == USED, "rows are made by uses, and by nothing else"
    assert Redemption.objects.filter(member=member).count() == 4
    assert Grant.objects.get(member=member).benefit.code == "eleme-free-order", "a coupon is held, the rest is not"
    assert differences(on=LAST_DAY) == []


def test_what_the_year_left_unused_is_still_told_when_the_card_is_over(programme: Programme) -> None:
    member, wallet = an_88vip(programme)
    uses_some(programme, member)
    before = lines_of(member, on=LAST_DAY)
    run_job("enter_grace_and_lapse", on=AFTER)
    evaluated(wallet, on=AFTER)
    assert lines_of(member, on=LAST_DAY) == before
    assert entitled(member, on=AFTER) == {
        "eleme-free-order": (1, 1), "fliggy": (None, None), "hema": (None, None), "amap": (None, None),
    }


def test_a_used_benefit_is_refused_until_the_next_term(programme: Programme) -> None:
    member, _wallet = an_88vip(programme)
    uses_some(programme, member)
    with pytest.raises(QuotaUsedUpError) as refused:
        use(member, the(programme, "88vip-5"), on=LAST_DAY)
    assert (refused.value.quota, refused.value.used) == (1, 1)
    assert Redemption.objects.filter(benefit__code="88vip-5").count() == 1


def test_free_orders_are_codes_of_eleme_and_without_a_code_nothing_is_used(programme: Programme) -> None:
    member, _wallet = an_88vip(programme)
    free_order = the(programme, "eleme-free-order")
    with pytest.raises(OutOfStockError):
        use(member, free_order, on=APRIL)
    assert lines_of(member, on=APRIL)["eleme-free-order"] == (2, 0, 2)
    free_order_codes("ELE-0001", "ELE-0002", "ELE-0003")
    given = [code_of(use(member, free_order, on=APRIL)).code.reveal() for _time in range(2)]
    assert given == ["ELE-0001", "ELE-0002"]
    with pytest.raises(QuotaUsedUpError) as refused:
        use(member, free_order, on=APRIL)
    assert (refused.value.quota, refused.value.used, refused.value.resets_on) == (2, 2, date(2027, 5, 1))
    assert VoucherCode.objects.filter(state=VoucherCode.State.AVAILABLE).count() == 1

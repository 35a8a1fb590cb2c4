"""Value statements of a whole programme: the same sums as each member's page, and together those of the lines."""

from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benefits.models import Benefit, Grant, ValueStatement
from benefits.services.coupons import give_back_coupons, use_coupons
from benefits.services.grants import expire_range, follow_rights
from benefits.services.value_lines import value_lines
from benefits.services.value_runs import keep_statements
from benefits.services.values import statement_of, sums_of
from memberships.models import Member, Order
from memberships.services.ranges import EVERYTHING, KeyRange
from tests.benefits.benefit_stories import a_benefit, a_wallet_of, at, of_all, of_card, plus, the_card, with_card
from tests.benefits.redemption_stories import take_back, use
from tests.benefits.value_stories import FIRST, took_off
from tests.memberships.factories import TODAY, a_person, renew
from tests.memberships.night_stories import run_job
from tests.memberships.order_stories import give_back, order

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
#: One thing that happens: to which of the members, on which day of two years, what, and how much.
HAPPENINGS = st.lists(
    st.tuples(
        st.integers(0, 2), st.integers(0, 729),
        st.sampled_from(["doctor", "wash", "coupon", "order", "return", "take back", "give back"]), st.integers(1, 3),
    ),
    max_size=25,
)


def a_catalogue() -> None:
    the_card()
    doctor = a_benefit("doctor", face_value=Decimal("40"), unit_cost=Decimal("12.3456"), funder="partner")
    of_card(doctor, member_price=Decimal("9.99"))
    of_all(doctor, member_price=Decimal("20"))
    of_all(a_benefit("wash"))
    coupon = a_benefit("coupon", kind="coupon", valid_days=20, face_value=Decimal("6"), unit_cost=Decimal("6"))
    of_all(coupon, member_price=Decimal("0.50"))
    video = a_benefit("video", kind="partner_subscription", face_value=Decimal("15"))
    of_card(video, is_automatic=True)
    a_benefit("discount", kind="stacking_discount", terms={"percent": "95"}, funder="brand")


def happen(member: Member, on: date, what: str, much: int, number: int) -> None:
    """Something of the story; what cannot be at that moment does not."""
    if what in ("doctor", "wash"):
        use(member, Benefit.objects.get(code=what), on=on, quantity=much)
    elif what == "coupon":
        key = f"coupon-{number}"
        use(member, Benefit.objects.get(code="coupon"), on=on, key=key)
        if much > 1:
            day = on + much * DAY
            use_coupons(member, [f"redeem:{key}"], order_number=f"A{number}", on=day, at=at(day), actor=None)
        if much > 2:
            took_off(member, f"A{number}", {Benefit.objects.get(code="coupon"): "3.33"}, on=on)
    elif what == "order":
        order(member.enrolments.get(), f"A{number}", "10.00", ordered_on=on, on=on)
        took_off(member, f"A{number}", {Benefit.objects.get(code="discount"): f"{much}.01"}, on=on)
    elif what == "return":
        bought = Order.objects.filter(member=member, returns=None, ordered_on__lte=on, returned=None).first()
        if bought:
            give_back(bought, f"R{number}", "3.33", ordered_on=on, on=on)
            give_back(bought, f"S{number}", "6.67", ordered_on=on, on=on)
    elif what == "take back":
        used = member.redemptions.filter(state="done", on__lte=on, benefit__kind="service").first()
        if used:
            take_back(used, on=on)
    else:
        held = Grant.objects.filter(member=member, state="used", used_on__lte=on).first()
        if held:
            give_back_coupons(member, order_number=held.order_number, on=on, at=at(on), actor=None)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(happenings=HAPPENINGS, until=st.integers(0, 800))
def test_lines_add_up_to_statements_and_statements_to_the_programme(
    happenings: list[tuple[int, int, str, int]], until: int
) -> None:
    with transaction.atomic():
        a_catalogue()
        first, second = (with_card(on=TODAY), with_card(on=TODAY + 100 * DAY))
        members = [first.member, second.member, a_person(on=TODAY)]
        for member in members:
            a_wallet_of(member)
        renew(first)
        follow_rights(first.member, on=TODAY, at=at(TODAY), actor=None)
        story = sorted(enumerate(happenings), key=lambda each: each[1][1])
        for number, (place, day, what, much) in story:
            happen(members[place], TODAY + day * DAY, what, much, number)
        on = TODAY + until * DAY
        expire_range(EVERYTHING, on=on, at=at(on))

        keep_statements(plus(), EVERYTHING, on=on)
        lines = value_lines(plus(), EVERYTHING, first=FIRST, last=on)
        kept = list(ValueStatement.objects.all())
        assert sum(each.saved for each in kept) == sum(line.saved or 0 for line in lines)
        assert sum(each.cost for each in kept) == sum(line.cost or 0 for line in lines)
        assert sum(each.uses for each in kept) == sum(line.quantity for line in lines)
        for member in members:
            _agrees(member, on=on)
        # Asked range by range and part by part, they are the same lines.
        edges = [*(TODAY + part * 97 * DAY for part in range(9)), on + DAY]
        parts = [
            line for member in members for first_day, after in pairwise(edges) for line in value_lines(
                plus(), KeyRange(member.pk, member.pk), first=first_day, last=min(on, after - DAY),
            )
        ] if on > edges[-2] else lines
        assert sorted(map(str, parts)) == sorted(map(str, lines))
        transaction.set_rollback(True)


def _agrees(member: Member, *, on: date) -> None:
    """What was kept of a member is what the page reckons, and that is the sum of its lines; break-even by hand."""
    kept = ValueStatement.objects.filter(member=member).order_by("-starts_on")
    sums = sums_of(member, plus(), on=on)
    assert [(each.starts_on, each.saved, each.fee, each.break_even_on) for each in kept] == [
        (each.starts_on, each.saved, each.fee, each.break_even_on) for each in sums
    ]
    for each in sums:
        told = statement_of(member, plus(), each.starts_on, on=on)
        assert told is not None
        assert each.saved == sum(line.saved or 0 for line in told.lines) == sum(own.saved for own in told.benefits)
        days = sorted({line.on for line in told.lines})
        covered = [
            day for day in days
            if all(_by(told.lines, later) >= each.fee for later in days if later >= day)
        ]
        by_hand = covered[0] if covered else None
        assert each.break_even_on == (each.starts_on if each.fee <= 0 and each.term_id and not days else by_hand)


def _by(lines: object, day: date) -> Decimal:
    return sum((line.saved or Decimal(0) for line in lines if line.on <= day), Decimal(0))  # type: ignore[attr-defined]


def test_first_night_of_a_month_keeps_what_everybody_saved_and_lets_go_of_terms_that_were_taken_off() -> None:
    a_catalogue()
    card = with_card()
    run_job("value_statements", on=TODAY + DAY)
    use(card.member, Benefit.objects.get(code="doctor"), on=TODAY + DAY)
    renew(card)
    # On other nights there is nothing to do.
    assert run_job("value_statements", on=TODAY + 2 * DAY).total == 0
    kept = ValueStatement.objects.get()
    assert (kept.as_of, kept.saved, kept.net, kept.term_until) == (TODAY, 15, Decimal("-84.00"), date(2028, 1, 14))
    run_job("value_statements", on=date(2028, 2, 1))
    assert [(each.starts_on, each.as_of, each.saved) for each in ValueStatement.objects.order_by("starts_on")] == [
        (TODAY, date(2028, 1, 31), 12 * 15 + Decimal("30.01")), (date(2028, 1, 15), date(2028, 1, 31), 15),
    ]
    card.terms.filter(number=2).delete()
    run_job("value_statements", on=date(2028, 3, 1))
    assert [each.starts_on for each in ValueStatement.objects.all()] == [TODAY]


def test_a_night_made_up_for_late_takes_nothing_back_that_a_later_one_kept() -> None:
    a_catalogue()
    card = with_card()
    use(card.member, Benefit.objects.get(code="doctor"), on=TODAY + DAY)
    renew(card)
    keep_statements(plus(), EVERYTHING, on=date(2028, 1, 31))
    kept = list(ValueStatement.objects.order_by("starts_on").values())
    assert len(kept) == 2
    keep_statements(plus(), EVERYTHING, on=TODAY)
    assert list(ValueStatement.objects.order_by("starts_on").values()) == kept

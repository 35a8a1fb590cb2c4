"""Pools of codes: void by hand, over by night, low and told of once."""

from datetime import timedelta

import pytest

from operations.models import OutboxMessage, RunItem, User
from operations.services.jobs import start_run
from operations.services.reveals import ReasonMissingError
from partners.errors import VoucherStateError
from partners.models import Fulfilment, VoucherCode
from partners.services.vouchers import pool_of, void_codes, warn_of_low_stock
from tests.memberships.factories import an_operator
from tests.memberships.night_stories import at_night, run_job, worked
from tests.memberships.points_stories import morning
from tests.partners.voucher_stories import TODAY, a_cinema, a_member, code_of, codes, many_codes, states, take

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
NOON = morning(TODAY)


def void(*chosen: VoucherCode, reason: str = "影院收回") -> list[int]:
    actor = User.objects.first() or an_operator()
    return void_codes([code.pk for code in chosen], reason=reason, on=TODAY, at=NOON, actor=actor)


def test_many_codes_are_void_at_once_and_of_a_claimed_one_the_fulfilment_is_revoked() -> None:
    offer, member = a_cinema(), a_member()
    pool = codes(offer, "CINE-0001-AAAA", "CINE-0002-BBBB", "CINE-0003-CCCC")
    claimed = code_of(take(member, offer))
    assert void(*pool[:2]) == [code.pk for code in pool[:2]]
    assert void(*pool[:2]) == [], "what is void stays as it is"
    assert states(offer) == ["void", "void", "available"]
    claimed.refresh_from_db()
    assert (claimed.void_reason, claimed.fulfilment) == ("影院收回", Fulfilment.objects.get(state="revoked"))
    with pytest.raises(ReasonMissingError):
        void(pool[2], reason=" ")


def test_code_that_is_over_is_not_voided_with_the_others() -> None:
    offer = a_cinema()
    [over] = codes(offer, "CINE-0001-AAAA", state="expired")
    [left] = codes(offer, "CINE-0002-BBBB")
    with pytest.raises(VoucherStateError):
        void(over, left)
    assert states(offer) == ["expired", "available"]


@pytest.mark.django_db(transaction=True)
def test_night_marks_codes_whose_last_day_is_over_and_its_dry_run_says_which() -> None:
    offer = a_cinema()
    codes(offer, "CINE-0001-AAAA", expires_on=TODAY - DAY)
    codes(offer, "CINE-0002-BBBB", expires_on=TODAY)
    many_codes(offer, 1)
    dry = worked(start_run(
        "expire_voucher_codes", business_date=TODAY, scope="dry@1", actor=None, at=at_night(TODAY), is_dry_run=True
    ))
    assert list(RunItem.objects.filter(run=dry).values_list("kind", flat=True)) == ["expire"]
    run = run_job("expire_voucher_codes", on=TODAY)
    assert (run.done, states(offer)) == (1, ["expired", "available", "available"])
    pool = pool_of(offer.pk)
    assert (pool.available, pool.claimed, pool.void, pool.expired, pool.next_expiry) == (2, 0, 0, 1, TODAY)


def test_pool_that_runs_low_is_told_of_once_and_again_when_it_does_so_again() -> None:
    offer, member = a_cinema(low_stock=2), a_member()
    many_codes(offer, 3)
    assert warn_of_low_stock(on=TODAY, at=NOON) == []
    take(member, offer)
    assert warn_of_low_stock(on=TODAY, at=NOON) == [offer.pk]
    take(member, offer)
    assert warn_of_low_stock(on=TODAY, at=NOON) == []
    many_codes(offer, 5)
    assert warn_of_low_stock(on=TODAY, at=NOON) == []
    for _ in range(4):
        take(member, offer)
    assert warn_of_low_stock(on=TODAY, at=NOON) == [offer.pk]
    messages = OutboxMessage.objects.filter(topic="codes.low").order_by("pk")
    assert [message.key for message in messages] == [f"codes-low:{offer.pk}:1", f"codes-low:{offer.pk}:2"]
    first = messages[0].payload
    assert (first["partner"], first["sku"], first["left"], first["warn_at"]) == ("cinema", "ticket-2027", 2, 2)


def test_codes_that_are_over_do_not_count_as_stock() -> None:
    offer = a_cinema()
    many_codes(offer, 3, expires_on=TODAY)
    assert warn_of_low_stock(on=TODAY, at=NOON) == []
    assert warn_of_low_stock(on=TODAY + DAY, at=NOON) == [offer.pk]

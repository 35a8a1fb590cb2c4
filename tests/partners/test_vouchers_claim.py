"""A code for each use: claimed in the transaction of the grant, one member's for ever, and void with its grant."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from functools import partial

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from benefits.errors import OutOfStockError, RedemptionQuantityError, RedemptionReturnError
from benefits.models import Grant, Redemption, Usage
from benefits.services.grants import end_grant, give, use_grant
from benefits.services.redemptions import return_redemption
from config.embedded import processes
from memberships.models import Member
from operations import registry
from operations.errors import PlusdeskError
from partners.models import Command, Fulfilment, FulfilmentEvent, Offer, VoucherCode
from partners.services.health import health_of
from partners.services.vouchers import pool_of, serve_waiting, void_codes
from tests.benefits.benefit_stories import of_card
from tests.memberships.factories import an_operator
from tests.memberships.night_stories import run_job
from tests.memberships.points_stories import at_once, morning
from tests.partners.voucher_stories import TODAY, a_cinema, a_member, code_of, codes, many_codes, states, take

DAY = timedelta(days=1)


@pytest.mark.django_db
def test_use_is_a_code_and_its_fulfilment_is_active_at_once() -> None:
    offer, member = a_cinema(), a_member()
    codes(offer, "CINE-0001-AAAA")
    done = take(member, offer)
    code = code_of(done)
    fulfilment = Fulfilment.objects.get(member=member)
    assert (code.state, code.fulfilment, code.claimed_at) == ("claimed", fulfilment, done.at)
    assert (fulfilment.state, fulfilment.wanted, fulfilment.activated_on) == ("active", "active", TODAY)
    assert (fulfilment.offer, fulfilment.partner, fulfilment.grant) == (offer, offer.partner, done.grant)
    assert [(event.kind, event.state) for event in FulfilmentEvent.objects.all()] == [("wanted", "active")]
    assert not Command.objects.exists()


@pytest.mark.django_db
def test_earliest_expiry_is_given_first_and_none_that_is_over() -> None:
    offer, member = a_cinema(), a_member()
    codes(offer, "NEVER-OVER-1")
    codes(offer, "ENDS-IN-JUNE", expires_on=date(2027, 6, 30))
    codes(offer, "ENDED-BEFORE", expires_on=TODAY - DAY)
    codes(offer, "ENDS-TODAY-1", expires_on=TODAY)
    given = [code_of(take(member, offer)).code.reveal() for _ in range(3)]
    assert given == ["ENDS-TODAY-1", "ENDS-IN-JUNE", "NEVER-OVER-1"]
    with pytest.raises(OutOfStockError):
        take(member, offer)


@pytest.mark.django_db
def test_without_a_code_there_is_neither_grant_nor_use() -> None:
    offer, member = a_cinema(), a_member()
    with pytest.raises(OutOfStockError):
        take(member, offer)
    assert not Redemption.objects.exists() and not Grant.objects.exists()
    assert not Usage.objects.filter(uses__gt=0).exists()
    codes(offer, "CINE-0001-AAAA")
    assert code_of(take(member, offer)).state == "claimed"


@pytest.mark.django_db
def test_same_use_told_twice_is_one_code() -> None:
    offer, member = a_cinema(), a_member()
    many_codes(offer, 2)
    first, again = take(member, offer, key="order-1"), take(member, offer, key="order-1")
    assert first == again
    assert states(offer) == ["claimed", "available"]


@pytest.mark.django_db
def test_use_of_several_at_once_is_refused_since_a_use_is_one_code() -> None:
    offer, member = a_cinema(), a_member()
    many_codes(offer, 5)
    with pytest.raises(RedemptionQuantityError):
        take(member, offer, quantity=2)
    assert states(offer) == ["available"] * 5


@pytest.mark.django_db(transaction=True)
def test_64_members_claim_50_codes_at_once_and_just_50_have_one_each() -> None:
    offer = a_cinema()
    many_codes(offer, 50)
    members = [a_member() for _ in range(64)]
    results = at_once(*(partial(take, member, offer) for member in members))
    assert sum(isinstance(result, Redemption) for result in results) == 50
    assert sum(isinstance(result, OutOfStockError) for result in results) == 14
    assert states(offer) == ["claimed"] * 50
    assert Fulfilment.objects.count() == Grant.objects.count() == 50
    assert VoucherCode.objects.values("fulfilment").distinct().count() == 50


@pytest.mark.django_db(transaction=True)
def test_who_finds_the_last_code_being_taken_waits_and_has_it_when_that_comes_to_nothing() -> None:
    offer, first, second = a_cinema(), a_member(), a_member()
    many_codes(offer, 1)
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            take(first, offer)
            waiting = pool.submit(at_once, partial(take, second, offer))
            assert processes.wait_until(somebody_waits, seconds=30)
            transaction.set_rollback(True)
        [done] = waiting.result(30)
    assert isinstance(done, Redemption)
    assert Fulfilment.objects.get().member == second


@pytest.mark.django_db(transaction=True)
def test_code_that_is_claimed_while_it_is_voided_is_void_with_its_fulfilment() -> None:
    offer, member, amy = a_cinema(), a_member(), an_operator()
    [code] = many_codes(offer, 1)
    void = partial(void_codes, [code.pk], reason="影院已收回", on=TODAY, at=morning(TODAY), actor=amy)
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            take(member, offer)
            waiting = pool.submit(at_once, void)
            assert processes.wait_until(somebody_waits, seconds=30)
        assert waiting.result(30) == [[code.pk]]
    code.refresh_from_db()
    fulfilment = Fulfilment.objects.get()
    assert (code.state, code.fulfilment) == ("void", fulfilment)
    assert (fulfilment.state, fulfilment.wanted) == ("revoked", "revoked")


@pytest.mark.django_db(transaction=True)
def test_code_that_is_voided_and_a_right_that_ends_while_it_is_given_do_not_wait_for_each_other() -> None:
    """Both wait for who serves: the end for the fulfilment, the voiding for the code, of which it saw no fulfilment."""
    offer, amy, _member = a_cinema(), an_operator(), a_member()
    of_card(offer.benefit, is_automatic=True)
    run_job("follow_rights", on=TODAY)
    [grant], [code] = Grant.objects.all(), many_codes(offer, 1)
    end = partial(end_grant, grant, reason="退卡", on=TODAY, at=morning(TODAY), actor=None)
    void = partial(void_codes, [code.pk], reason="影院已收回", on=TODAY, at=morning(TODAY), actor=amy)
    with ThreadPoolExecutor(2) as pool:
        with transaction.atomic():
            assert serve_waiting(on=TODAY, at=morning(TODAY)) == 1
            ended = pool.submit(at_once, end)
            assert processes.wait_until(somebody_waits, seconds=30)
            voided = pool.submit(at_once, void)
            assert processes.wait_until(partial(somebody_waits, 2), seconds=30)
        [end_result], [void_result] = ended.result(30), voided.result(30)
    assert isinstance(end_result, Grant) and void_result in ([code.pk], [])
    code.refresh_from_db()
    assert (code.state, Fulfilment.objects.get().state, Grant.objects.get().state) == ("void", "revoked", "ended")


def somebody_waits(number: int = 1) -> bool:
    """For a row that another transaction holds: so many do."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(DISTINCT pid) FROM pg_locks WHERE NOT granted")
        return int(cursor.fetchone()[0]) >= number


@pytest.mark.django_db
def test_grant_that_ends_takes_its_code_along_and_nobody_is_given_it_again() -> None:
    offer, member = a_cinema(), a_member()
    codes(offer, "CINE-0001-AAAA")
    done = take(member, offer)
    end_grant(done.grant, reason="客户投诉", on=TODAY, at=morning(TODAY), actor=None)
    code = code_of(done)
    assert (code.state, code.void_reason, code.voided_by) == ("void", "客户投诉", None)
    fulfilment = Fulfilment.objects.get()
    assert (fulfilment.state, fulfilment.wanted, fulfilment.revoked_on) == ("revoked", "revoked", TODAY)
    with pytest.raises(OutOfStockError):
        take(member, offer)


@pytest.mark.django_db
def test_coupon_that_was_used_keeps_its_code() -> None:
    offer, member = a_cinema(), a_member()
    codes(offer, "CINE-0001-AAAA")
    done = take(member, offer)
    use_grant(done.grant, order_number="T-1", on=TODAY, at=morning(TODAY), actor=None)
    assert (code_of(done).state, Fulfilment.objects.get().state) == ("claimed", "active")


@pytest.mark.django_db
def test_use_whose_code_was_told_comes_back_only_once_the_code_is_void_by_hand() -> None:
    offer, member, amy = a_cinema(), a_member(), an_operator()
    codes(offer, "CINE-0001-AAAA")
    done = take(member, offer)
    facts = {"key": "back", "on": TODAY, "at": morning(TODAY), "actor": amy, "reason": "取消"}
    with pytest.raises(RedemptionReturnError):
        return_redemption(done, **facts)  # type: ignore[arg-type]
    assert code_of(done).state == "claimed"
    void_codes([code_of(done).pk], reason="影院已收回", on=TODAY, at=morning(TODAY), actor=amy)
    assert Fulfilment.objects.get().state == "revoked"
    returned = return_redemption(done, **facts)  # type: ignore[arg-type]
    assert returned.state == "returned"
    assert (code_of(done).state, code_of(done).voided_by) == ("void", amy)


@pytest.mark.django_db
def test_gifts_take_codes_too() -> None:
    offer, member = a_cinema(), a_member()
    codes(offer, "CINE-0001-AAAA")
    give(member, offer.benefit, key="gift", on=TODAY, at=morning(TODAY), actor=None)
    assert states(offer) == ["claimed"]
    with pytest.raises(OutOfStockError):
        give(member, offer.benefit, key="other", on=TODAY, at=morning(TODAY), actor=None)


@pytest.mark.django_db(transaction=True)
def test_night_gives_the_codes_there_are_and_the_others_wait_in_order_for_the_next_delivery() -> None:
    first, second, third, fourth = members = [a_member() for _ in range(4)]
    offer = a_cinema()
    of_card(offer.benefit, is_automatic=True)
    many_codes(offer, 2)
    run_job("follow_rights", on=TODAY)
    assert states(offer) == ["claimed"] * 2
    assert by_state("active") == {first.pk, second.pk}, "the lower member number is first"
    assert by_state("requested") == {third.pk, fourth.pk}
    assert Grant.objects.count() == 4 and pool_of(offer.pk).waiting == 2
    assert serve_waiting(on=TODAY, at=morning(TODAY)) == 0, "nothing is left to give"

    tomorrow = TODAY + DAY
    codes(offer, "ENDED-BEFORE", expires_on=TODAY)
    many_codes(offer, 1)
    run_job("follow_rights", on=tomorrow)
    registry.jobs.get("expire_voucher_codes").tick(at=morning(tomorrow))
    assert by_state("active") == {first.pk, second.pk, third.pk}
    served = Fulfilment.objects.get(member=third)
    assert (served.activated_on, served.voucher.state, served.voucher.claimed_at) == (
        tomorrow, "claimed", morning(tomorrow),
    )
    [grant] = Grant.objects.filter(member=fourth)
    end_grant(grant, reason="退卡", on=tomorrow, at=morning(tomorrow), actor=None)
    many_codes(offer, 5)
    assert serve_waiting(on=tomorrow, at=morning(tomorrow)) == 0, "whose right is over waits no more"
    assert by_state("revoked") == {fourth.pk} and pool_of(offer.pk).waiting == 0
    assert Fulfilment.objects.count() == len(members)


@pytest.mark.django_db(transaction=True)
def test_who_waits_under_an_offer_that_ended_is_served_by_the_one_that_took_its_place() -> None:
    offer, _member = a_cinema(), a_member()
    of_card(offer.benefit, is_automatic=True)
    run_job("follow_rights", on=TODAY)
    [grant], tomorrow = Grant.objects.all(), TODAY + DAY
    [waits] = health_of([offer.partner], on=tomorrow, at=morning(tomorrow))
    assert (waits.behind, waits.oldest_at, waits.needs_a_look) == (1, Fulfilment.objects.get().requested_at, True)
    with pytest.raises((IntegrityError, PlusdeskError)):
        use_grant(grant, order_number="O-1", on=TODAY, at=morning(TODAY), actor=None)
    assert Grant.objects.get().state == "live" and pool_of(offer.pk).waiting == 1, "there is nothing to use yet"

    Offer.objects.filter(pk=offer.pk).update(ends_on=TODAY)
    new = Offer.objects.create(
        partner=offer.partner, benefit=offer.benefit, sku="ticket-2028", mode="vouchers", unit_cost="30",
        starts_on=tomorrow,
    )
    many_codes(new, 1)
    assert serve_waiting(on=TODAY, at=morning(TODAY)) == 0, "not before the new one is in force"
    assert [serve_waiting(on=tomorrow, at=morning(tomorrow)) for _ in range(2)] == [1, 0]
    served = Fulfilment.objects.get()
    assert (served.offer, served.state, states(new)) == (new, "active", ["claimed"])
    assert (pool_of(offer.pk).waiting, pool_of(new.pk).waiting) == (0, 0)
    use_grant(grant, order_number="O-1", on=tomorrow, at=morning(tomorrow), actor=None)
    with pytest.raises(DatabaseError):
        Fulfilment.objects.update(offer=offer)


def by_state(state: str) -> set[int]:
    """The members whose fulfilments are so."""
    return set(Fulfilment.objects.filter(state=state).values_list("member", flat=True))


@pytest.mark.django_db(transaction=True)
def test_who_waits_is_served_once_while_others_serve_and_gifts_take_codes_too() -> None:
    members = [a_member() for _ in range(12)]
    offer = a_cinema()
    of_card(offer.benefit, is_automatic=True)
    run_job("follow_rights", on=TODAY)
    assert len(by_state("requested")) == 12
    many_codes(offer, 9)
    serve = partial(serve_waiting, on=TODAY, at=morning(TODAY))
    gift = partial(give, members[0], offer.benefit, on=TODAY, at=morning(TODAY), actor=None)
    results = at_once(*[serve] * 8, partial(gift, key="1"), partial(gift, key="2"))
    gifts = sum(isinstance(result, Grant) for result in results)
    assert serve() + sum(results[:8]) + gifts == states(offer).count("claimed") == 9
    assert VoucherCode.objects.exclude(fulfilment=None).values("fulfilment").distinct().count() == 9
    assert Fulfilment.objects.filter(state="active").count() == 9


@pytest.mark.django_db
def test_night_s_thousands_are_claimed_by_one_statement() -> None:
    offer, member = a_cinema(), a_member()
    many_codes(offer, 3000)
    give_many(member, offer.benefit_id, 2500)
    assert VoucherCode.objects.filter(state="claimed").count() == Fulfilment.objects.count() == 2500
    Grant.objects.update(state="ended", ended_on=TODAY)
    assert VoucherCode.objects.filter(state="void", void_reason="right_ended").count() == 2500
    assert VoucherCode.objects.filter(state="available").count() == 500


def give_many(member: Member, benefit: int, number: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO benefits_grant (member_id, benefit_id, key, quantity, valid_from, given_on, given_at)
            SELECT %s, %s, 'night:' || n, 1, %s, %s, %s FROM generate_series(1, %s) AS n
            """,
            [member.pk, benefit, TODAY, TODAY, morning(TODAY), number],
        )

"""A partner's statement, line by line: what matches is summed up, what differs is named."""

import csv
import io
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import polars as pl
import pytest

from benefits.models.benefits import Kind, Window
from benefits.services.redemptions import redeem, return_redemption
from memberships.dates import add_months
from memberships.models import Member
from partners.errors import StatementMonthError, StatementPartnerError
from partners.events.usages import key_of
from partners.models import FulfilmentEvent, Offer, Partner, PartnerStatement, ReportedUsage, StatementLine
from partners.services.fulfilments import note_state
from partners.services.statement_matching import find_billed, join_keys
from tests.memberships.factories import a_card, an_annual_card
from tests.memberships.points_stories import morning
from tests.partner import PartnersForTests
from tests.partners import partner_stories
from tests.partners.fulfilment_stories import a_grant, a_partner, an_offer, fulfilment_of
from tests.partners.statement_stories import active, bring, iqiyi_with, line_of, verdicts

pytestmark = pytest.mark.django_db


def test_lines_that_match_are_summed_up_by_offer() -> None:
    partner, offer, fulfilments = iqiyi_with(3)
    statement = bring(partner, fulfilments).statement
    assert verdicts(statement) == []
    assert (statement.lines_read, statement.counts["matched"], statement.number) == (3, 3, 1)
    assert statement.matched == [{"offer": offer.pk, "unit_cost": "98.0000", "units": 3, "amount": "294.0000"}]


def test_each_kind_of_difference_is_found() -> None:
    partner, offer, (first, second, third, fourth) = iqiyi_with(4)
    statement = bring(partner, [
        first, line_of(second, amount="99.00"), line_of("X1"), line_of(third, state="revoked"), first,
    ]).statement  # fmt: skip
    assert verdicts(statement) == [
        (3, second.key, "amount_differs"), (4, "X1", "missing_here"), (5, third.key, "state_differs"),
        (6, first.key, "duplicate"), (None, fourth.key, "missing_there"),
    ]  # fmt: skip
    assert statement.counts == {
        "matched": 1, "missing_here": 1, "missing_there": 1, "amount_differs": 1, "state_differs": 1, "duplicate": 1,
    }  # fmt: skip
    lines = {line.verdict: line for line in StatementLine.objects.filter(statement=statement)}
    assert (lines["amount_differs"].amount, lines["amount_differs"].expected) == (Decimal(99), Decimal(98))
    assert (lines["missing_here"].expected, lines["missing_here"].offer) == (None, offer), "by its product number"
    assert (lines["missing_there"].amount, lines["missing_there"].fulfilment) == (None, fourth)
    assert lines["duplicate"].expected == 0, "owed once"
    assert (lines["state_differs"].state, lines["state_differs"].expected_state) == ("revoked", "active")


def test_numbers_that_share_a_hash_are_still_told_apart() -> None:
    lines = pl.DataFrame({"line": [2, 3, 4, 5], "key": ["A1", "X9", "B2", "A1"]})
    keys = pl.DataFrame({"key": ["A1", "B2", "C3"], "kind": [0, 0, 1]}, schema_overrides={"kind": pl.UInt32})
    by_length = join_keys(lines, keys, hashed=lambda key: key.str.len_bytes())
    for both in (by_length, join_keys(lines, keys)):
        rows = both.select("line", "key", "key_billed", "is_first", "kind").sort("line", nulls_last=True).rows()
        assert rows == [
            (2, "A1", "A1", True, 0), (3, "X9", None, True, None), (4, "B2", "B2", True, 0),
            (5, "A1", "A1", False, 0), (None, None, "C3", None, 1),
        ]  # fmt: skip
    # Of two lines only, neither of them billed.
    strangers = join_keys(lines.slice(1, 2), keys.slice(0, 0), hashed=lambda key: key.str.len_bytes())
    assert strangers["is_first"].to_list() == [True, True]


def test_what_is_owed_in_another_month_is_no_stranger() -> None:
    partner, offer, fulfilments = iqiyi_with(2)
    (december,) = active(offer, on=date(2026, 12, 31))
    statement = bring(partner, [*fulfilments, december]).statement
    (line,) = StatementLine.objects.filter(statement=statement)
    assert (line.verdict, line.expected, line.fulfilment) == ("amount_differs", 0, december)


def test_what_was_revoked_after_the_month_was_active_at_its_end() -> None:
    partner, offer, _none = iqiyi_with(0)
    (later,) = active(offer, state="revoked", revoked_on=date(2027, 2, 1))
    (before,) = active(offer, state="revoked", revoked_on=date(2027, 1, 31))
    assert verdicts(bring(partner, [later, before]).statement) == [(3, before.key, "state_differs")]


def test_partner_that_bills_by_month_bills_each_month_begun() -> None:
    partner, offer, _none = iqiyi_with(0, billed=Offer.Billed.MONTH, unit_cost="10.00")
    (old,) = active(offer, on=date(2026, 11, 30))
    (ended,) = active(offer, on=date(2026, 11, 30), state="revoked", revoked_on=date(2027, 1, 1))
    active(offer, on=date(2026, 11, 30), state="revoked", revoked_on=date(2026, 12, 31))
    active(offer, on=date(2027, 2, 1))
    lines = [line_of(old, amount="10"), line_of(ended, amount="10.00", state="revoked")]
    statement = bring(partner, lines).statement
    assert verdicts(statement) == []
    assert statement.matched[0]["units"] == 2


@pytest.mark.parametrize("state", ["suspended", "failed"])
def test_what_rests_or_failed_is_billed_until_the_month_in_which_it_did(state: str) -> None:
    partner, offer, _none = iqiyi_with(0, billed=Offer.Billed.MONTH, unit_cost="10.00")
    long_ago = date(2026, 11, 30)
    (before,), (within,), (after,) = (active(offer, on=long_ago, state=state) for _ in range(3))
    for fulfilment, day in (
        (before, date(2026, 12, 31)), (within, date(2027, 1, 1)), (after, date(2027, 2, 1)),
    ):
        for said, on in (("active", long_ago), (state, day), (state, day + timedelta(days=40))):
            FulfilmentEvent.objects.create(
                member=fulfilment.member, fulfilment=fulfilment, kind="told", state=said, on=on,
                at=datetime(2027, 2, 2, tzinfo=UTC),
            )
    statement = bring(partner, [
        line_of(within, amount="10", state=state), line_of(after, amount="10"),
        line_of(before, amount="10", state=state),
    ]).statement  # fmt: skip
    assert verdicts(statement) == [(4, before.key, "amount_differs")]
    assert statement.matched[0]["units"] == 2


def test_months_that_it_rested_all_through_are_not_owed_although_it_is_active_again() -> None:
    """Active in November, rests from 20 December, again active on 5 March, rests on 31 March, is revoked in May."""
    partner, offer, _none = iqiyi_with(0, billed=Offer.Billed.MONTH, unit_cost="10.00")
    (iqiyi,) = active(offer, on=date(2026, 11, 30), state="revoked", revoked_on=date(2027, 5, 2))
    reported = an_offer(partner, sku="counted", mode=Offer.Mode.REPORTED, billed=Offer.Billed.MONTH)
    counted = fulfilment_of(a_grant(reported, given_on=date(2026, 11, 30)))
    for fulfilment, kind in ((iqiyi, "told"), (counted, "wanted")):
        for said, on in (
            ("active", date(2026, 11, 30)), ("suspended", date(2026, 12, 20)), ("", date(2027, 1, 8)),
            ("active", date(2027, 3, 5)), ("suspended", date(2027, 3, 31)),
        ):
            FulfilmentEvent.objects.create(
                member=fulfilment.member, fulfilment=fulfilment, kind=kind, state=said, on=on,
                at=datetime(2027, 2, 2, tzinfo=UTC),
            )
    months = [add_months(date(2026, 10, 1), number) for number in range(8)]
    owed = [set(find_billed(partner, month).keys["key"]) for month in months]
    both = {iqiyi.key, counted.key}
    assert owed == [set(), both, both, set(), set(), both, set(), set()], "October to May"


def test_months_before_a_late_confirmation_are_owed_from_the_day_it_names_on() -> None:
    """Ordered and accepted in January; in March the partner tells that it has been active since 25 January."""
    partner, offer, _none = iqiyi_with(0, billed=Offer.Billed.MONTH, unit_cost="10.00")
    iqiyi = fulfilment_of(a_grant(offer, given_on=date(2027, 1, 20)))
    told = ((1, "accepted", date(2027, 1, 21), None), (2, "active", date(2027, 3, 2), date(2027, 1, 25)))
    for sequence, state, on, day in told:
        note_state(iqiyi, state, sequence=sequence, day=day, on=on, at=morning(on))
    owed = [iqiyi.key in set(find_billed(partner, date(2027, month, 1)).keys["key"]) for month in (1, 2, 3)]
    assert owed == [True, True, True]


def test_use_of_another_month_is_no_stranger() -> None:
    partner = a_partner("jd-health")
    member, benefit = consultations(partner), partner.offers.get().benefit
    use, _own = (
        redeem(member, benefit, key=key_of(partner, name), on=at.date(), at=at, actor=None)
        for name, at in (
            ("use_1", datetime(2027, 2, 1, 2, tzinfo=UTC)), ("use_2", datetime(2027, 1, 20, 2, tzinfo=UTC)),
        )
    )
    ReportedUsage.objects.create(partner=partner, usage="use_1", redemption=use)
    facts = {"sku": "consult", "state": "used", "amount": "20.00"}
    statement = bring(partner, [line_of("use_1", **facts), line_of("use_2", **facts)]).statement
    (line,) = StatementLine.objects.filter(statement=statement)
    assert (line.verdict, line.order, line.expected, line.expected_state) == ("amount_differs", "use_1", 0, "used")


def test_prepaid_codes_need_no_line() -> None:
    partner, _offer, fulfilments = iqiyi_with(1, settled=Offer.Settled.PREPAID)
    assert verdicts(bring(partner, [line_of("X1")]).statement) == [(2, "X1", "missing_here")]
    assert verdicts(bring(partner, fulfilments).statement) == []


def consultations(partner: Partner) -> Member:
    """Li Lei, whose card brings consultations at JD Health, which counts them: 20 CNY each."""
    member = a_card(an_annual_card(), on=date(2027, 1, 1)).member
    benefit = partner_stories.a_benefit(code="consultation", kind=Kind.SERVICE)
    partner_stories.a_rule(benefit, quota=12, window=Window.YEAR, is_automatic=False)
    partner_stories.an_offer(
        partner, benefit, sku="consult", mode=Offer.Mode.REPORTED, billed=Offer.Billed.USE, unit_cost=Decimal(20)
    )
    return member


def test_uses_are_matched_by_the_partners_own_number() -> None:
    partner = a_partner("jd-health")
    member = consultations(partner)
    benefit = partner.offers.get().benefit
    at, on, long = datetime(2027, 1, 20, 2, tzinfo=UTC), date(2027, 1, 20), "u" * 62
    used = {
        usage: redeem(member, benefit, key=key_of(partner, usage), on=on, at=at, actor=None, quantity=quantity)
        for usage, quantity in (("use_1", 1), ('use"2', 2), (long, 1), ("use_4", 1), ("use_5", 1))
    }
    return_redemption(used["use_4"], key="back", on=on, at=at, actor=None, reason="未到诊")
    facts = {"sku": "consult", "state": "used"}
    statement = bring(partner, [
        line_of("use_1", amount="20.00", **facts), line_of('"use""2"', amount="40.00", **facts),
        line_of(long, amount="20.00", **facts), line_of("use_4", amount="20.00", **facts),
        line_of("use_9", amount="20.00", **facts),
    ]).statement  # fmt: skip
    assert verdicts(statement) == [
        (5, "use_4", "amount_differs"), (6, "use_9", "missing_here"), (None, "use_5", "missing_there"),
    ]  # fmt: skip
    assert statement.matched[0]["units"] == 4


def test_sandboxs_statement_gives_exactly_what_was_planted(partners: PartnersForTests) -> None:
    partners.set_clock(datetime(2027, 1, 15, 4, tzinfo=UTC))
    partner, _offer, fulfilments = iqiyi_with(20)
    iqiyi = partners.partner("iqiyi")
    iqiyi.change(price="98.00")
    for number, fulfilment in enumerate(fulfilments):
        iqiyi.order(f"c{number}", order=fulfilment.key, starts_on="2027-01-15")
    planted = iqiyi.plant("2027-01", seed=7, drop=3, invent=["X1", "X2"], amount=2, state=1, duplicate=2)
    body = iqiyi.client.get("/statement?month=2027-01").body.decode()
    statement = bring(partner, list(map(str.strip, body.splitlines()[1:]))).statement
    kinds = {
        "drop": "missing_there", "invent": "missing_here", "amount": "amount_differs", "state": "state_differs",
        "duplicate": "duplicate",
    }  # fmt: skip
    wanted = sorted((plant["order"], kinds[plant["kind"]]) for plant in planted)
    assert sorted((order, verdict) for _line, order, verdict in verdicts(statement)) == wanted
    lines = list(csv.DictReader(io.StringIO(body)))
    for number, order, _verdict in verdicts(statement):
        assert number is None or lines[number - 2]["order"] == order
    assert statement.counts["matched"] == 20 - 3 - 2 - 1


def test_file_of_another_partner_is_not_taken_for_this_ones() -> None:
    partner, _offer, _fulfilments = iqiyi_with(1)
    kugou = a_partner("kugou")
    theirs = active(an_offer(kugou), 2)
    with pytest.raises(StatementPartnerError):
        bring(partner, theirs)
    assert not PartnerStatement.objects.exists()


def test_file_of_another_month_is_not_taken_for_this_ones() -> None:
    partner, offer, _none = iqiyi_with(0)
    december = active(offer, 2, on=date(2026, 12, 5))
    lines = [line_of(fulfilment, started_on="2026-12-05") for fulfilment in december]
    with pytest.raises(StatementMonthError):
        bring(partner, lines)
    with pytest.raises(StatementMonthError, match="2027-03"):
        bring(partner, lines, month=date(2027, 3, 1))
    assert bring(partner, lines, month=date(2026, 12, 1)).statement.counts["matched"] == 2

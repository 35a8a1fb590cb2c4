"""The ageing of any past day, against a plain model of the same movements; by customer, industry and region."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import NamedTuple

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from credit.models import CreditEntry, CreditLine, Invoice, Receipt
from credit.services.ageing import Aged, Bucket, ageing_of, ageing_report, customers_of, invoices_of
from memberships.models import EnterpriseCustomer
from tests.credit.credit_stories import (
    DAY,
    TODAY,
    a_card_with_credit,
    a_firm,
    a_key,
    a_line,
    an_entry,
    an_invoice,
    morning,
    paid,
)

#: Days of a world, from its first.
SPAN = 140


class Move(NamedTuple):
    """What happened to an invoice on a day of the world."""

    kind: str
    day: int
    share: int


class Owed(NamedTuple):
    """An invoice of a line of the world, in fen, and what happened to it."""

    line: int
    day: int
    term: int
    fen: int
    moves: list[Move]


MOVES = st.builds(
    Move, st.sampled_from(["allocate", "deallocate", "credit_note", "write_off", "recover"]), st.integers(0, SPAN),
    st.integers(1, 4),
)
OWED = st.builds(
    Owed, st.integers(0, 2), st.integers(0, 60), st.integers(0, 61), st.integers(1, 3 * 10**7),
    st.lists(MOVES, max_size=5).map(lambda moves: sorted(moves, key=lambda move: move.day)),
)


def entries_of(owed: Owed) -> list[tuple[int, str, int]]:
    """(day, kind, fen) of what can happen of it: no more is reduced than is open, no more comes back than was taken."""
    left, taken, done = owed.fen, {"allocate": 0, "write_off": 0}, []
    for move in owed.moves:
        day = max(move.day, owed.day)
        back = {"deallocate": "allocate", "recover": "write_off"}.get(move.kind)
        most = taken[back] if back else left
        fen = most if move.share == 4 else most // move.share
        if fen:
            done.append((day, move.kind, fen))
            left += fen if back else -fen
            if back or move.kind in taken:
                taken[back or move.kind] += -fen if back else fen
    return done


def booked(line: CreditLine, owed: Owed, first: date) -> Invoice:
    """The same in the books."""
    invoiced_on = first + owed.day * DAY
    invoice = Invoice.objects.create(
        line=line, member_id=line.member_id, key=a_key("I"), number=a_key("I"), amount=Decimal(owed.fen) / 100,
        invoiced_on=invoiced_on, due_on=invoiced_on + owed.term * DAY, terms={}, at=morning(invoiced_on),
    )
    an_entry(line, "invoice", invoice.amount, on=invoiced_on, invoice=invoice)
    receipt = Receipt.objects.create(
        key=a_key("R"), line=line, member_id=line.member_id, payer_name="某公司", amount=Decimal(10**7),
        state=Receipt.State.MATCHED, rule=Receipt.Rule.HAND, received_on=first, on=first, at=morning(first),
    )
    an_entry(line, "receipt", receipt.amount, on=first, receipt=receipt)
    last: dict[str, CreditEntry] = {}
    for day, kind, fen in entries_of(owed):
        facts: dict[str, object] = {"invoice": invoice}
        if kind in ("allocate", "deallocate"):
            facts["receipt"] = receipt
        if kind in ("deallocate", "recover"):
            facts["reverses"] = last["allocate" if kind == "deallocate" else "write_off"]
        if kind == "credit_note":
            facts["credit_note"] = invoice.credit_notes.create(
                member_id=line.member_id, key=a_key("C"), number=a_key("C"), amount=Decimal(fen) / 100, reason="退货",
                on=first + day * DAY, at=morning(first),
            )
        last[kind] = an_entry(line, kind, Decimal(fen) / 100, on=first + day * DAY, **facts)
    return invoice


def plain(world: list[Owed], day: int) -> Mapping[int, Aged]:
    """By line, the ageing at the end of a day, added up from the beginning."""
    found: dict[int, list[int]] = defaultdict(lambda: [0] * len(Bucket))
    for owed in world:
        if owed.day > day:
            continue
        fen = owed.fen
        for moved, kind, amount in entries_of(owed):
            if moved <= day:
                fen += amount if kind in ("deallocate", "recover") else -amount
        late = day - owed.day - owed.term
        found[owed.line][0 if late <= 0 else min((late - 1) // 30 + 1, 4)] += fen
    return {
        line: Aged(Decimal(sum(fens)) / 100, tuple(Decimal(fen) / 100 for fen in fens))
        for line, fens in found.items() if any(fens)
    }


@pytest.mark.django_db
@settings(deadline=None, max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(world=st.lists(OWED, min_size=1, max_size=6))
def test_any_past_day_is_what_a_plain_sum_from_the_beginning_says(world: list[Owed]) -> None:
    with transaction.atomic():
        lines = [a_line(2_000_000) for _line in range(3)]
        for owed in world:
            booked(lines[owed.line], owed, TODAY)
        days = {0, SPAN} | {owed.day + owed.term + late for owed in world for late in (0, 1, 30, 31, 60, 61, 90, 91)}
        days |= {move.day + off for owed in world for move in owed.moves for off in (-1, 0)}
        for day in days:
            expected = {lines[line].member_id: aged for line, aged in plain(world, day).items()}
            report = ageing_report(on=TODAY + day * DAY)
            assert {found.member_id: found.aged for found in report.customers} == expected
            assert report.total.aged == sum_of(expected.values())
            for line in lines:
                assert ageing_of([line], on=TODAY + day * DAY) == expected.get(line.member_id, Aged())
                assert sum(found.open for found in invoices_of([line], on=TODAY + day * DAY)) == ageing_of(
                    [line], on=TODAY + day * DAY
                ).total
        transaction.set_rollback(True)


def sum_of(aged: Iterable[Aged]) -> Aged:
    rows = list(aged)
    buckets = tuple(sum((row.buckets[bucket] for row in rows), Decimal(0)) for bucket in Bucket)
    return Aged(sum(buckets, Decimal(0)), buckets)


def a_placed_line(province: str, industry: str) -> CreditLine:
    firm = a_firm(province=province, industry=industry)
    return a_line(card=a_card_with_credit(member=firm))


@pytest.mark.django_db
def test_report_of_a_day_by_region_industry_and_customer_down_to_invoices() -> None:
    beijing, shanghai = a_placed_line("北京市", "零售"), a_placed_line("上海市", "零售")
    unknown = a_placed_line("", "")
    old = an_invoice(beijing, 1_000, due_on=TODAY)
    an_invoice(beijing, 50, due_on=TODAY + 45 * DAY)
    an_invoice(shanghai, 700, due_on=TODAY + 10 * DAY)
    an_invoice(unknown, 700, due_on=TODAY + 200 * DAY)
    day = TODAY + 45 * DAY
    paid(old, on=day + DAY, amount=400)
    report = ageing_report(on=day, programme=beijing.programme)
    assert report.total.customers == 3
    assert report.total.aged == Aged(
        Decimal(2_450), (Decimal(750), Decimal(0), Decimal(1_700), Decimal(0), Decimal(0))
    )
    assert report.total.aged.overdue == 1_700
    assert [(group.name, group.customers, group.aged.total) for group in report.provinces] == [
        ("北京市", 1, 1_050), ("", 1, 700), ("上海市", 1, 700),
    ]
    assert [(group.name, group.customers, group.aged.total) for group in report.industries] == [
        ("零售", 2, 1_750), ("", 1, 700),
    ]
    assert [found.member_id for found in report.customers] == [beijing.member_id, shanghai.member_id, unknown.member_id]
    assert report.customers[0].name == EnterpriseCustomer.objects.get(member=beijing.member_id).legal_name
    assert report.customers[0].number == beijing.member.number
    # The day after the payment, the report of the day before is what it was.
    assert ageing_report(on=day + DAY).total.aged.total == 2_050
    assert ageing_report(on=day).total.aged.total == 2_450
    # Page by page, and by bucket.
    pages, after = [], None
    while page := customers_of(on=day, after=after, size=1):
        pages += [found.member_id for found in page]
        after = (page[-1].aged.total, page[-1].member_id)
    assert pages == [beijing.member_id, shanghai.member_id, unknown.member_id]
    assert [found.member_id for found in customers_of(on=day, bucket=Bucket.CURRENT)] == [
        unknown.member_id, beijing.member_id,
    ]
    assert [found.member_id for found in customers_of(on=day, industry="零售", bucket=Bucket.TO_60)] == [
        beijing.member_id, shanghai.member_id,
    ]
    assert [found.member_id for found in customers_of(on=day, province="")] == [unknown.member_id]
    first, second = invoices_of([beijing], on=day)
    assert (first.number, first.amount, first.open, first.bucket) == (old.number, 1_000, 1_000, Bucket.TO_60)
    assert invoices_of([beijing], on=day, after=(first.due_on, first.pk), size=1) == [second]
    assert invoices_of([beijing], on=day, bucket=Bucket.CURRENT) == [second]
    assert ageing_report(on=TODAY - DAY).total.customers == 0


@pytest.mark.django_db
def test_ageing_is_read_from_indexes(new_tables: None) -> None:
    line = a_line()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(
            """
            INSERT INTO credit_invoice
                (line_id, member_id, kind, key, number, order_number, amount, paid, invoiced_on, due_on, terms, at)
            SELECT %(line)s, %(member)s, 'purchase', 'p' || n, 'p' || n, '', 100, CASE WHEN n %% 10 = 0 THEN 0 ELSE 100
                END, %(on)s, %(on)s, '{}', %(at)s
            FROM generate_series(1, 5000) AS n
            """,
            {"line": line.pk, "member": line.member_id, "on": TODAY, "at": morning(TODAY)},
        )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE credit_invoice")
        cursor.execute("SET LOCAL enable_bitmapscan = off")
        cursor.execute("EXPLAIN SELECT * FROM credit_customers_on(%s, NULL)", [TODAY + 40 * DAY])
        plan = "\n".join(row for (row,) in cursor.fetchall())
    # Which of the indexes of open invoices is up to what was vacuumed last; benchmarks/bench_ageing.py looks as well.
    assert "creditentry_ageing" in plan and "Seq Scan" not in plan, plan

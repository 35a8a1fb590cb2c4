"""A partner's statement of a month, from the file to its differences, with differences planted in it.

The limit is COPY of the very file into an unlogged table of text columns, in the same run. Exactly what was planted
must be found, or the benchmark fails.
"""

import random
from datetime import UTC, date, datetime
from pathlib import Path

from django.core.files import File
from django.db import connection, transaction

from benchmarks.copying import BLOCK
from benchmarks.figures import BenchmarkError, Figures
from benchmarks.house import House, Stopwatch, checkpoint, postgres_pid, say
from benchmarks.memory import MemoryWatch
from benefits.models import Benefit
from benefits.models.benefits import Kind
from memberships.models import Programme
from memberships.models.programmes import Audience
from partners.models import Fulfilment, Offer, Partner, PartnerStatement, StatementLine
from partners.services.partner_statements import import_statement

#: Lines of the file.
ROWS = 1_000_000
DISK_PER_ROW = 1_500
MONTH, ON, AT = date(2027, 1, 1), date(2027, 2, 3), datetime(2027, 2, 3, 2, tzinfo=UTC)
#: Of each kind of difference, one line in so many.
EVERY = 1_000
KINDS = ("missing_there", "missing_here", "amount_differs", "state_differs", "duplicate")
SQL = Path(__file__).resolve().parent / "sql"
HEADER = "order,reference,sku,state,started_on,ended_on,amount,currency\n"


def measure(house: House) -> Figures:
    """The limit, ours, the limit again: the better of the two limits counts."""
    partner = _make(house.rows)
    path = house.folder / "statement.csv"
    planted = _write(partner, path, house.rows)
    say(f"The file: {path.stat().st_size / house.rows:.0f} bytes a line; {len(planted)} differences planted.")
    watch = Stopwatch()
    with MemoryWatch([postgres_pid()]) as memory:
        _copy(path, watch, "limit_first")
        checkpoint()
        with watch.measuring("ours"), path.open("rb") as stream:
            done = import_statement(partner, File(stream, name=path.name), month=MONTH, on=ON, at=AT, actor=None)
        _copy(path, watch, "limit_second")
    _check(done.statement, planted, house.rows)
    limit = min(watch.seconds["limit_first"], watch.seconds["limit_second"])
    return Figures(
        name="reconcile", rows=house.rows, ours_s=watch.seconds["ours"], limit_s=limit, peer_ratio=None,
        peak_mb=memory.peak_mb, more={"differences": len(planted), "limit_second_s": watch.seconds["limit_second"]},
    )  # fmt: skip


def _make(rows: int) -> Partner:
    """A partner with two offers, and so many fulfilments that became active in the month."""
    programme, _is_new = Programme.objects.get_or_create(
        code="reconcile", defaults={"name": "对账演练", "name_en": "Reconcile drill", "audience": Audience.PERSON}
    )
    partner = Partner.objects.create(code="reconcile", name="对账演练", contract_from=date(2020, 1, 1))
    offers = []
    for sku, cost in (("vip-year", "98.00"), ("vip-month", "19.80")):
        benefit = Benefit.objects.create(programme=programme, code=sku, name=sku, kind=Kind.PARTNER_SUBSCRIPTION)
        offers.append(Offer.objects.create(
            partner=partner, benefit=benefit, sku=sku, mode=Offer.Mode.API, unit_cost=cost, starts_on=date(2020, 1, 1)
        ))  # fmt: skip
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(
            (SQL / "make_fulfilments.sql").read_text(encoding="utf-8"),
            {"rows": rows, "partner": partner.pk, "first": offers[0].pk, "second": offers[1].pk, "on": MONTH, "at": AT},
        )
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE)")
    return partner


def _write(partner: Partner, path: Path, rows: int) -> set[tuple[str, str]]:
    """The partner's file in an order of its own, with differences; order and verdict of each."""
    facts = list(Fulfilment.objects.filter(partner=partner).values_list("key", "offer__sku", "offer__unit_cost"))
    dice, planted, lines = random.Random(1), set(), []
    for number, (key, sku, cost) in enumerate(facts):
        kind = KINDS[number // EVERY % len(KINDS)] if number % EVERY == 0 else ""
        line = [key, f"IQ{number:010}", sku, "active", "2027-01-05", "", f"{cost:.2f}", "CNY"]
        if kind == "missing_here":
            lines.append(["invented-" + key, *line[1:]])
            planted.add((f"invented-{key}", kind))
        elif kind:
            planted.add((key, kind))
        line[6] = "1.00" if kind == "amount_differs" else line[6]
        line[3] = "revoked" if kind == "state_differs" else line[3]
        lines += [line] * {"missing_there": 0, "duplicate": 2}.get(kind, 1)
    dice.shuffle(lines)
    path.write_text(HEADER + "".join(",".join(line) + "\n" for line in lines), encoding="utf-8")
    return planted


def _copy(path: Path, watch: Stopwatch, name: str) -> None:
    """COPY of the file, byte for byte, into an unlogged table of texts."""
    with connection.cursor() as cursor:
        cursor.execute((SQL / "reconcile_limit.sql").read_text(encoding="utf-8"))
        checkpoint()
        with watch.measuring(name), path.open("rb") as file, cursor.copy(
            "COPY reconcile_limit FROM STDIN WITH (FORMAT csv, HEADER)"
        ) as copy:
            while block := file.read(BLOCK):
                copy.write(block)


def _check(statement: PartnerStatement, planted: set[tuple[str, str]], rows: int) -> None:
    """Exactly what was planted."""
    lines = StatementLine.objects.filter(statement=statement).values_list("order", "verdict")
    found = set(lines)
    if found != planted or len(lines) != len(planted):
        raise BenchmarkError(f"{len(found ^ planted)} differences are not as they were planted.")
    # A strange line, and the second of an order, stand beside one that matches.
    wrong = sum(verdict not in ("missing_here", "duplicate") for _order, verdict in planted)
    if statement.counts["matched"] != rows - wrong:
        raise BenchmarkError(f"{statement.counts['matched']} lines matched instead of {rows - wrong}.")

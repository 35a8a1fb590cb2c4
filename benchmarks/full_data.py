"""The data of the full size: set-based, the same for the same numbers and day; nothing is drawn by lot.

Each table is filled by one statement (sql/full/<name>.sql), with triggers off and without its secondary indexes, and
given those again; two connections at once.
"""

import json
import os
import sys
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from queue import SimpleQueue
from typing import Any

if __name__ == "__main__":
    import django

    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    django.setup()

from django.core.management import call_command
from django.db import connection, transaction

from benchmarks.firms import ALPHABET, DIGITS, WEIGHTS
from benchmarks.house import Stopwatch, say
from benefits.models import BenefitRule
from memberships.demo import BRAND_FIRST, BRAND_SECOND, GIVEN, INDUSTRIES, PLACES, SURNAMES
from memberships.demo.programmes import JD_PLUS, JD_PLUS_ENTERPRISE, make_jd_plus, make_other_programmes
from memberships.demo.programmes import make_jd_plus_enterprise as make_enterprise
from memberships.models import Plan, Programme

SQL = Path(__file__).resolve().parent / "sql"
#: Statement, and the table that it fills; in two rows, which are worked on side by side. Within a row, and from one
#: step to the next, what stands later may read what was filled before.
STEPS: tuple[tuple[tuple[tuple[str, str], ...], ...], ...] = (
    (
        (
            ("members", "memberships_member"),
            ("contacts", "memberships_membercontact"),
            ("customers", "memberships_enterprisecustomer"),
            ("methods", "memberships_paymentmethod"),
            ("cards", "memberships_subscription"),
            ("terms", "memberships_term"),
            ("payments", "memberships_payment"),
            ("payment_events", "memberships_paymentevent"),
        ),
        (
            ("lots", "memberships_pointslot"),
            ("wallets", "memberships_enrolment"),
            ("entries", "memberships_pointsentry"),
            ("draws", "memberships_lotdraw"),
            ("standings", "memberships_tierstanding"),
        ),
    ),
    (
        (
            ("lines", "credit_creditline"),
            ("versions", "credit_lineversion"),
            ("invoices", "credit_invoice"),
            ("receipts", "credit_receipt"),
            ("credit_entries", "credit_creditentry"),
            ("requests", "memberships_creditrequest"),
        ),
        (
            ("orders", "memberships_order"),
            ("tier_changes", "memberships_tierchange"),
            ("redemptions", "benefits_redemption"),
            ("grants", "benefits_grant"),
            ("usages", "benefits_usage"),
            ("value_statements", "benefits_valuestatement"),
        ),
    ),
)
TABLES = tuple(table for step in STEPS for row in step for _name, table in row)
#: Keeps the wallets in another order than that of their keys; a prime.
STEP = 7_919


@dataclass(frozen=True)
class Size:
    """How much there is, as of a day."""

    on: date
    members: int = 15_000_000
    firms: int = 8_000_000
    lots: int = 60_000_000
    #: One wallet in so many has its entries, orders and changes of tier.
    entries_every: int = 20
    #: Entries of each of twenty members with a long history.
    history: int = 2_000

    @property
    def total(self) -> int:
        """Persons and firms."""
        return self.members + self.firms


def make_data(size: Size, watch: Stopwatch) -> None:
    """Programmes and users as in the demo, and all the rest by SQL; Stopwatch has the seconds of each table."""
    with transaction.atomic():
        make_programmes(on=size.on)
    facts = prepare(size)
    made_again = _without_indexes(TABLES)
    for step in STEPS:
        _side_by_side([_row(row, facts, watch) for row in step])
    _make_again(made_again, watch)
    with transaction.atomic():
        fill("long_history", facts)
    run("identities", facts)


def make_programmes(*, on: date) -> None:
    """The shipped programmes and the users of the demo."""
    make_jd_plus(on=on)
    make_enterprise(on=on)
    make_other_programmes(on=on)


def prepare(size: Size) -> dict[str, Any]:
    """What all statements share, in the database; what they are told."""
    facts = _facts(size)
    for name in ("prepare", "places", "invoice_facts"):
        run(name, facts)
    return facts


def fill(name: str, facts: dict[str, Any]) -> None:
    """One statement, without triggers and foreign keys, for the rest of the transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
    run(name, facts)


def vacuum(watch: Stopwatch) -> None:
    """What an autovacuum would have done by then: visibility and statistics."""
    tasks: SimpleQueue[str] = SimpleQueue()
    for table in sorted(TABLES, key=_bytes_of, reverse=True):
        tasks.put(table)

    def work() -> None:
        with watch.measuring(f"vacuum {threading.current_thread().name}"), connection.cursor() as cursor:
            while not tasks.empty():
                cursor.execute(f"VACUUM (ANALYZE) {tasks.get()}")

    _side_by_side([work, work])
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _facts(size: Size) -> dict[str, Any]:
    """What the statements are told."""
    programmes = {programme.code: programme for programme in Programme.objects.all()}
    plus, enterprise = programmes[JD_PLUS], programmes[JD_PLUS_ENTERPRISE]
    plans = {(plan.programme_id, plan.code): plan.pk for plan in Plan.objects.all()}
    rules = {
        code: BenefitRule.objects.filter(benefit__programme=plus, benefit__code=code).order_by("pk")[0]
        for code in ("freight-coupon", "service-line")
    }
    return {
        "on": size.on, "members": size.members, "firms": size.firms, "total": size.total,
        "lots_each": size.lots // size.members, "entries_every": size.entries_every, "history": size.history,
        "step": STEP, "unstep": pow(STEP, -1, size.members),
        "plus": plus.pk, "enterprise": enterprise.pk, "meituan": programmes["meituan"].pk,
        "taobao": programmes["taobao"].pk, "annual": plans[plus.pk, "annual"],
        "classic": plans[enterprise.pk, "classic"], "premium": plans[enterprise.pk, "premium"],
        "coupon": rules["freight-coupon"].benefit_id, "coupon_rule": rules["freight-coupon"].pk,
        "service": rules["service-line"].benefit_id, "service_rule": rules["service-line"].pk,
        "surnames": SURNAMES, "given": GIVEN, "brand_first": BRAND_FIRST, "brand_second": BRAND_SECOND,
        "weights": WEIGHTS[10:17], "places": json.dumps([_place(*place) for place in PLACES]),
        "trades": json.dumps(INDUSTRIES),
    }  # fmt: skip


def _place(province: str, city: str, region: str) -> tuple[str, str, str, int]:
    """With the beginning of the city's credit codes, and what it comes to in their check character."""
    body = f"91{region}MA"
    assert set(body) <= set(ALPHABET)
    return province, city, body, sum(DIGITS[each] * weight for each, weight in zip(body, WEIGHTS, strict=False))


def _row(row: Iterable[tuple[str, str]], facts: dict[str, Any], watch: Stopwatch) -> Callable[[], None]:
    """Fills the tables of a row, one after the other."""

    def work() -> None:
        for name, table in row:
            with watch.measuring(name), transaction.atomic(), connection.cursor() as cursor:
                # A new file, which is not written to the log until it is whole.
                cursor.execute(f"CLUSTER {table} USING {_primary_key(table)}")
                cursor.execute(f"ALTER TABLE {table} SET WITHOUT CLUSTER")
                fill(name, facts)
            with connection.cursor() as cursor:
                cursor.execute(f"ANALYZE {table}")

    return work


def _without_indexes(tables: Sequence[str]) -> list[tuple[str, str]]:
    """Drop what no foreign key rests on; how it is made again, by table."""
    made_again = []
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute((SQL / "secondary_indexes.sql").read_text(encoding="utf-8"), {"table": table})
            for drop, make in cursor.fetchall():
                cursor.execute(drop)
                made_again.append((table, make))
    return made_again


def _make_again(made_again: Sequence[tuple[str, str]], watch: Stopwatch) -> None:
    """All indexes, the largest tables first, two at a time (never two of one table: adding a key locks it)."""
    tasks: SimpleQueue[tuple[str, list[str]]] = SimpleQueue()
    by_table: dict[str, list[str]] = {}
    for table, make in made_again:
        by_table.setdefault(table, []).append(make)
    for table in sorted(by_table, key=_bytes_of, reverse=True):
        tasks.put((table, by_table[table]))

    def work() -> None:
        while not tasks.empty():
            table, statements = tasks.get()
            with watch.measuring(f"indexes of {table}"), connection.cursor() as cursor:
                for statement in statements:
                    cursor.execute(statement)

    _side_by_side([work, work])


def _side_by_side(works: Sequence[Callable[[], None]]) -> None:
    """Each in a thread with a connection of its own; the first error, once all have ended."""
    errors: list[BaseException] = []

    def guarded(work: Callable[[], None]) -> None:
        try:
            work()
        except BaseException as error:  # said in the main thread
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=guarded, args=[work]) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


def sizes() -> list[tuple[str, int, int]]:
    """Bytes of each table, alone and with its indexes, the largest first."""
    with connection.cursor() as cursor:
        cursor.execute((SQL / "full" / "sizes.sql").read_text(encoding="utf-8"))
        return list(cursor.fetchall())


def database_bytes() -> int:
    """What the database weighs."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_database_size(current_database())")
        return int(cursor.fetchone()[0])


def _bytes_of(table: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_table_size(%s::regclass)", [table])
        return int(cursor.fetchone()[0])


def _primary_key(table: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT indexrelid::regclass::text FROM pg_index WHERE indrelid = %s::regclass AND indisprimary", [table]
        )
        return str(cursor.fetchone()[0])


def main(words: str) -> None:
    """A migrated database with all of it: `python -m benchmarks.full_data SIZE`, which full.py starts."""
    told = json.loads(words)
    size, watch = Size(**told | {"on": date.fromisoformat(told["on"])}), Stopwatch()
    call_command("migrate", verbosity=0)
    with watch.measuring("all data"):
        make_data(size, watch)
        vacuum(watch)
    say(f"The database has {database_bytes() / 1e9:.2f} GB.")
    for table, alone, whole in sizes()[:24]:
        say(f"  {table:<36}{alone / 1e6:>10,.0f} MB, {whole / 1e6:>10,.0f} MB with indexes")


def run(name: str, facts: dict[str, Any]) -> None:
    """One of the statements beside."""
    with connection.cursor() as cursor:
        cursor.execute((SQL / "full" / f"{name}.sql").read_text(encoding="utf-8"), facts)


if __name__ == "__main__":
    main(sys.argv[1])

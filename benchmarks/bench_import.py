"""A list of new firms: upload, check, confirm, apply, by a worker as in production, audit trail on.

The limit is COPY of the same business rows into the same tables with their indexes, triggers off. The peer
is django-import-export's default resource.
"""

from datetime import timedelta

from django.utils import timezone

from benchmarks.copying import copy_again
from benchmarks.figures import Figures, expect
from benchmarks.firms import write_firms
from benchmarks.house import House, Stopwatch, celery_worker, postgres_pid, say
from benchmarks.imports import import_again, import_new
from benchmarks.memory import MemoryWatch
from benchmarks.peer import seconds_per_row
from memberships.demo import make_jd_plus_enterprise
from memberships.models import CreditRequest, EnterpriseCustomer, Member, MemberContact, Subscription
from operations.models import User

ROWS = 1_000_000
DISK_PER_ROW = 14_000
PEER_ROWS = 2_000
#: The business tables that the import writes, in the order of their keys.
TABLES = (Member, EnterpriseCustomer, MemberContact, Subscription, CreditRequest)


def measure(house: House) -> Figures:
    """Ours, the same file again, the limit, the peer: in this order, on one database."""
    operator = User.objects.create_user("operator")
    make_jd_plus_enterprise(on=timezone.localdate() - timedelta(days=1))
    path = house.folder / "firms.csv"
    say(f"The file: {write_firms(path, house.rows) / house.rows:.0f} bytes a row.")
    watch = Stopwatch()
    with celery_worker(house.folder) as worker, MemoryWatch([worker, postgres_pid()]) as memory:
        import_new("enterprise-customers", path, operator, house.rows, watch)
        _expect_rows(house.rows)
        import_again("enterprise-customers", path, operator, house.rows, watch)
    say("peak private memory: " + ", ".join(f"{kind} {peak:.0f} MB" for kind, peak in memory.peaks_mb.items()))
    copy_again(TABLES, house.folder, watch)
    for model in TABLES:
        expect(f"{model.__name__} rows after COPY", model._default_manager.count(), house.rows)
    with watch.measuring("peer"):
        peer_s = seconds_per_row(min(PEER_ROWS, house.rows))
    took = watch.seconds
    ours = took["preview"] + took["apply"]
    return Figures(
        name="import", rows=house.rows, ours_s=ours, limit_s=took["limit"],
        peer_ratio=peer_s / (ours / house.rows), peak_mb=memory.peak_mb,
        more={
            "preview_s": took["preview"], "apply_s": took["apply"], "again_s": took["again"],
            "again_ratio": ours / took["again"], "peer_row_ms": peer_s * 1000,
        },
    )  # fmt: skip


def _expect_rows(rows: int) -> None:
    """As many in each table, and in its audit trail."""
    for model in TABLES:
        expect(f"{model.__name__} rows", model._default_manager.count(), rows)
        expect(f"{model.__name__} rows in the audit trail", model.pgh_event_model.objects.count(), rows)  # type: ignore[attr-defined]

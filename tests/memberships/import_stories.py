"""What the stories of customer imports share: a batch on its way, and the customers as a set of plain facts."""

from collections.abc import Iterable
from typing import Any

from django.core.files.base import ContentFile
from django.utils import timezone

from memberships.models import EnterpriseCustomer, Plan
from operations.models import ImportBatch, ImportRow, JobRun, User
from operations.services.imports import confirm_import, run_of, undo_import, upload_file
from operations.tasks import work_through
from tests.customer_files import HEADERS, Row, a_row, csv_file
from tests.memberships.factories import an_annual_card, jd_plus_enterprise

State = ImportBatch.State
Outcome = ImportRow.Outcome
#: Columns beyond those every row of tests/customer_files has.
MORE = ["城市", "行业", "企业规模", "标签", "申请额度", "申请账期", "外部编号", "备注"]


def a_classic_card() -> Plan:
    """The card that the rows of tests/customer_files take."""
    return an_annual_card(jd_plus_enterprise(), code="classic", name="经典卡", name_en="Classic card")


def a_full_row(number: int, **cells: str) -> Row:
    """A firm that says something in every column."""
    said = {
        "城市": "杭州市", "行业": "批发业", "企业规模": "中型", "标签": "专精特新",
        "申请额度": "50000.00", "申请账期": "30", "外部编号": f"ERP-{number}", "备注": "展会认识",
    }
    return {**a_row(number), **said, **cells}


def full_file(rows: Iterable[Row]) -> bytes:
    return csv_file(rows, headers=[*HEADERS, *MORE])


def fresh(batch: ImportBatch) -> ImportBatch:
    return ImportBatch.objects.get(pk=batch.pk)


def uploaded(content: bytes, *, by: User, skips_invalid: bool = False) -> ImportBatch:
    """A batch whose check is queued."""
    return upload_file(
        "enterprise-customers", ContentFile(content), file_name="firms.csv", skips_invalid=skips_invalid, actor=by,
        at=timezone.now(),
    )


def worked(batch: ImportBatch) -> ImportBatch:
    """The batch once its present run has ended; this process does the work."""
    run = run_of(fresh(batch))
    assert run is not None
    work_through(run.pk)
    return fresh(batch)


def previewed(content: bytes, *, by: User, **options: Any) -> ImportBatch:
    batch = worked(uploaded(content, by=by, **options))
    assert batch.state == State.CHECKED, batch.faults
    return batch


def confirmed(batch: ImportBatch) -> ImportBatch:
    """The batch with its application queued."""
    return confirm_import(
        batch, preview_key=batch.preview_key, file_sha256=batch.file_sha256, actor=batch.uploaded_by, at=timezone.now()
    )


def applied(content: bytes, *, by: User, **options: Any) -> ImportBatch:
    return worked(confirmed(previewed(content, by=by, **options)))


def undone(batch: ImportBatch, *, by: User) -> ImportBatch:
    return worked(undo_import(batch, actor=by, at=timezone.now()))


def apply_run(batch: ImportBatch) -> JobRun:
    run = fresh(batch).apply_run
    assert run is not None
    return run


def lines(batch: ImportBatch, outcome: str) -> list[int]:
    """The lines of the file that came to that outcome."""
    return list(ImportRow.objects.filter(batch=batch, outcome=outcome).order_by("line").values_list("line", flat=True))


def customers(*, with_keys: bool = False) -> list[tuple[Any, ...]]:
    """Every firm with its contacts, subscriptions and requests, ordered by code; rows' keys only on demand."""
    found = []
    rows = EnterpriseCustomer.objects.order_by("credit_code").prefetch_related(
        "member__contacts", "member__subscriptions__plan", "member__credit_requests"
    )
    for row in rows:
        member = row.member
        facts = (
            row.legal_name, row.credit_code, row.external_id, row.province, row.city, row.industry, row.size,
            tuple(row.flags), row.remarks, member.kind, member.closed_on,
            sorted((c.name, c.mobile, c.email, c.is_primary) for c in member.contacts.all()),
            sorted((s.plan.code, str(s.started_on), str(s.ended_on)) for s in member.subscriptions.all()),
            sorted((q.state, str(q.limit), str(q.term_days)) for q in member.credit_requests.all()),
        )
        keys: tuple[Any, ...] = (
            row.pk, sorted(c.pk for c in member.contacts.all()), sorted(s.pk for s in member.subscriptions.all()),
            sorted((q.pk, q.requested_on) for q in member.credit_requests.all()),
        )
        found.append((*facts, *keys) if with_keys else facts)
    return found

"""What the demo lacks for the pictures of issue 4: requests in every state, drafts, imports of points and orders.

Told by the services, in the house that the pictures are taken of; django.setup() has been called.
"""

import time
from collections.abc import Iterable
from datetime import timedelta
from decimal import Decimal
from io import BytesIO
from typing import Any

from django.core.files import File
from django.urls import reverse
from django.utils import timezone

from memberships.admin.display import today
from memberships.demo.programmes import FOLDER
from memberships.demo.users import ADMIN, APPROVER, MANAGER, OPERATOR, Login
from memberships.models import (
    Enrolment,
    EnterpriseCustomer,
    MemberContact,
    ProgrammeRevision,
    Subscription,
    Tier,
    TierStanding,
)
from memberships.programme_files.documents import read_document
from memberships.services.points_adjustments import offer_adjustment
from memberships.services.revisions import draft_revision, submit_revision
from memberships.tier_approvals import SetTier
from operations import registry, roles
from operations.limit_actions import ChangeApprovalLimit
from operations.models import Approval, ApprovalLimit, ImportBatch, User
from operations.services.api_clients import make_client
from operations.services.approvals import approve, ask, reject, withdraw
from operations.services.bulk_changes import choose
from operations.services.imports import upload_file
from operations.services.list_exports import AT_ONCE, note_list_export
from operations.services.personal_exports import note_personal_export
from operations.services.reveals import reveal
from operations.services.saved_filters import save_filter
from operations.services.trail_exports import note_export
from tests.customer_files import Row, csv_file
from tests.order_files import a_return, an_order, order_file

PATIENCE = 60.0
CHECKED = (ImportBatch.State.CHECKED, ImportBatch.State.REFUSED)


def tell_stories() -> dict[str, str]:
    """The pages of what was made, by the names of their pictures."""
    return {**_requests(), **_revisions(), **_imports(), **_desk()}


def _person(username: str) -> User:
    return User.objects.get(username=username)


def _facts(username: str, reason: str) -> dict[str, Any]:
    return {"actor": _person(username), "reason": reason, "on": today(), "at": timezone.now()}


def _page(record: Any) -> str:
    return reverse(f"admin:{record._meta.app_label}_{record._meta.model_name}_change", args=[record.pk])


# --- what is done to many records, and what is taken away

def _desk() -> dict[str, str]:
    """A bulk action that is only looked at, a filter that was kept, files, a key of an API, data that was looked at."""
    at, admin = timezone.now(), _person(ADMIN.username)
    who: dict[str, Any] = {"actor": admin, "at": at}
    cards = Subscription.objects.order_by("pk").values_list("pk", flat=True)[:40]
    chosen = choose(registry.bulk_actions.get("cancel_cards"), cards, language="zh-hans", on=today(), **who)
    kept: dict[str, Any] = {"asked": "show=in_grace", "group": None, "is_default": False, "actor": admin}
    save_filter(model="memberships.subscription", name="宽限期内", **kept)
    note_list_export(
        model="memberships.member", asked="", kind="xlsx", language="zh-hans", is_masked=True, needs_reason=True,
        reason="季度回访", rows=AT_ONCE["xlsx"] + 1, **who,
    )
    note_export({"reason": "核对"}, kind="csv", reason="季度审计", **who)
    note_personal_export(EnterpriseCustomer.objects.all(), asked="", reason="年度客户大会", **who)
    make_client("小程序", ["benefits.read"], reason="接入小程序", **who)
    contact = MemberContact.objects.exclude(mobile="").earliest("pk")
    reveal(contact, ["mobile"], reason="核对身份", **who)
    return {"bulk-preview": _page(chosen)}


# --- requests

def _requests() -> dict[str, str]:
    """One of each kind that waits, and one in each other state."""
    operator, approver = OPERATOR.username, APPROVER.username
    wallets = list(Enrolment.objects.filter(programme__code="jd-plus", balance__gt=3_000).order_by("-pk")[:4])
    asked = [_adjustment(wallet, number) for number, wallet in enumerate(wallets, start=1)]
    approve(asked[0], checker=_person(approver), decision="已核对聊天记录", on=today(), at=timezone.now())
    reject(asked[1], checker=_person(approver), decision="金额过大，先走投诉流程", at=timezone.now())
    withdraw(asked[2], actor=_person(operator), reason="重复提交", at=timezone.now())
    limit = ApprovalLimit.objects.get(action="adjust_points", group__name=roles.OPERATOR.group)
    limit.amount = Decimal(8_000)
    payload = ChangeApprovalLimit.payload_of(limit, does="change")
    asked.append(_asked(ChangeApprovalLimit.name, payload, "旺季放宽", ADMIN))
    return {
        "approval-executed": _page(asked[0]), "approval-rejected": _page(asked[1]),
        "approval-waiting": _page(asked[3]), "approval-of-limit": _page(asked[-1]),
        "approval-approve": reverse("admin:operations_approval_approve", args=[asked[3].pk]),
        "wallet-with-request": _page(wallets[3]), "tier-by-hand": _page(_tier_by_hand()),
    }


def _asked(action: str, payload: Any, reason: str, maker: Login = OPERATOR) -> Approval:
    request = ask(action, payload, **_facts(maker.username, reason))
    assert isinstance(request, Approval), f"{action} was done at once"
    return request


def _adjustment(wallet: Enrolment, number: int) -> Approval:
    request = offer_adjustment(
        wallet, 8_000 + number, reason_code="goodwill", key=f"shot:{number}",
        expires_on=today() + timedelta(days=365), **_facts(OPERATOR.username, "客诉升级补偿"),
    )
    assert isinstance(request, Approval)
    return request


def _tier_by_hand() -> TierStanding:
    """Somebody's tier holds to a day, by hand: a step up or none, which takes one person."""
    standing = TierStanding.objects.select_related("group", "tier").order_by("pk").first()
    assert standing is not None
    above = Tier.objects.filter(group=standing.group, retired_on=None, rank__gt=standing.tier.rank).order_by("rank")
    payload = SetTier.payload_of(
        standing, above.first() or standing.tier, held_until=today() + timedelta(days=90), key="shot"
    )
    ask(SetTier.name, payload, **_facts(OPERATOR.username, "重点客户"))
    return standing


# --- programme files

def _revisions() -> dict[str, str]:
    """A draft of JD PLUS whose highest tier asks for more, and one of Meituan that waits for the approver."""
    draft = _draft("jd-plus", "提高最高等级门槛", "threshold: 1000", "threshold: 1500")
    submitted = _draft("meituan", "扩大开放范围", "open_share: 0.1", "open_share: 0.2")
    submit_revision(submitted, **_facts(MANAGER.username, "第二批开放"))
    draft.refresh_from_db()
    first = ProgrammeRevision.objects.filter(code="jd-plus").earliest("number")
    compare = reverse("admin:memberships_programmerevision_compare")
    return {
        "revision-draft": _page(draft), "revision-submitted": _page(submitted),
        "revision-edit": reverse("admin:memberships_programmerevision_edit", args=[draft.pk]),
        "revision-compare": f"{compare}?old={first.pk}&new={draft.pk}",
    }


def _draft(code: str, note: str, was: str, becomes: str) -> ProgrammeRevision:
    """The shipped file with one figure changed, from next month on."""
    source = (FOLDER / f"{code}.yaml").read_text(encoding="utf-8").replace(was, becomes, 1)
    day = today() + timedelta(days=30)
    return draft_revision(
        read_document(source, name=f"{code}.yaml"), effective_on=day, on=today(), at=timezone.now(),
        actor=_person(MANAGER.username), note=note,
    )


# --- imports

def _imports() -> dict[str, str]:
    """Previews of orders, members and adjustments, with rows that are wrong."""
    numbers = [wallet.member.number for wallet in Enrolment.objects.select_related("member").order_by("pk")[:30]]
    batches = {
        "orders": order_file(*_orders(numbers)),
        "members": csv_file(_members(), headers=list(_members()[0])),
        "points-adjustments": csv_file(_adjustments(numbers), headers=list(_adjustments(numbers)[0])),
    }
    pages = {}
    for importer, content in batches.items():
        batch = upload_file(
            importer, File(BytesIO(content)), file_name=f"{importer}.csv", skips_invalid=True,
            actor=_person(OPERATOR.username), at=timezone.now(),
        )
        _wait_until_checked(batch)
        pages[f"import-{importer}"] = _page(batch)
        pages[f"import-{importer}-invalid"] = f"{_page(batch)}?rows=invalid"
    return pages


def _wait_until_checked(batch: ImportBatch) -> None:
    deadline = time.monotonic() + PATIENCE
    while ImportBatch.objects.get(pk=batch.pk).state not in CHECKED:
        assert time.monotonic() < deadline, "nobody checks the import"
        time.sleep(0.3)


def _orders(numbers: Iterable[str]) -> list[Row]:
    day = f"{today() - timedelta(days=1):%Y-%m-%d}"
    rows = [
        an_order(f"SHOT-{place}", number, 金额=f"{100 + place}.50", 品类="图书", 下单日期=day)
        for place, number in enumerate(numbers)
    ]
    return [
        *rows, a_return("SHOT-R1", rows[0]["会员号"], "SHOT-0", 金额="50.00", 下单日期=day),
        an_order("SHOT-BAD", "12345", 下单日期="昨天"), rows[1],
    ]


def _members() -> list[Row]:
    def row(number: int, **cells: str) -> Row:
        return {
            "外部编号": f"OLD-{number}", "来源": "old-crm", "姓名": "韩梅梅", "手机号": f"1390000{number:04d}",
            "邮箱": "", "入会日期": "2024-05-01", "计划": "jd-plus", "期初积分": f"{number * 10}",
            "积分到期日": "2027-12-31", **cells,
        }

    return [*(row(number) for number in range(1, 21)), row(21, 手机号="139"), row(22, 期初积分="很多")]


def _adjustments(numbers: Iterable[str]) -> list[Row]:
    rows = [
        {"会员号": number, "计划": "jd-plus", "积分": f"{800 + place}", "原因代码": "goodwill", "说明": "系统故障补偿"}
        for place, number in enumerate(numbers)
    ]
    return [*rows, {**rows[0], "积分": "-99999999"}, {**rows[1], "原因代码": "whim"}]

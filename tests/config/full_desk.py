"""A desk with something on every page, and the addresses of its pages, for tests that read all of them."""

import re
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from io import BytesIO
from typing import Any

from django.apps import apps
from django.conf import settings
from django.contrib import admin
from django.contrib.auth.models import Group, Permission
from django.core.files import File
from django.db import models
from django.db.models import Model
from django.urls import reverse
from django.utils import timezone

from memberships.models import (
    AccountClosure,
    AdjustmentReason,
    CaseAttachment,
    CaseNoteKind,
    CreditRequest,
    EnterpriseCustomer,
    Member,
    MemberContact,
    MemberMerge,
    Payment,
    PaymentEvent,
    Plan,
    PointsEntry,
    Programme,
    Refund,
    Subscription,
    Tier,
    TierGroup,
)
from memberships.services.closures import close_account
from memberships.services.merges import merge_records
from memberships.services.payment_methods import choose_payment_method
from memberships.services.profit import roll_up
from memberships.services.subscriptions import cancel_subscription, join
from operations import registry
from operations.masking import mask_name
from operations.models import ApiClient, ImportBatch, JobChunk, JobRun, OutboxMessage, User
from operations.models.imports import StagedRow
from operations.services.bulk_changes import choose
from operations.services.imports import confirm_import, run_of, undo_import, upload_file
from operations.services.jobs import start_run
from operations.services.list_exports import AT_ONCE, note_list_export
from operations.services.personal_exports import note_personal_export
from operations.services.reveals import reveal
from operations.services.saved_filters import save_filter
from operations.services.sign_in import note_failure
from operations.services.trail_exports import note_export
from operations.tasks import work_on_run
from tests.config.full_benefits import furnish_benefits
from tests.config.full_credit import furnish_credit
from tests.customer_files import Row, a_bad_row, a_row, csv_file
from tests.memberships import points_stories as points
from tests.memberships.case_stories import a_letter, a_note
from tests.memberships.factories import (
    a_firm,
    a_method,
    a_person,
    an_annual_card,
    jd_plus,
    jd_plus_enterprise,
    renew,
)

State = ImportBatch.State
ROWS_OF = {
    State.CHECKED: ("new", "changed", "unchanged", "invalid", "duplicate"),
    State.APPLIED: ("applied", "left_out", "invalid"),
}
PAGES = {
    "memberships.member": ("enrol", "timeline"),
    "memberships.casenote": ("correct", "pin", "follow-up"),
    "memberships.enrolment": ("adjust", "extend"),
    "memberships.enterprisecustomer": ("edit",),
    "memberships.membercontact": ("reveal", "text-messages"),
    "memberships.subscription": ("cancel", "resume"),
    "memberships.payment": ("refund",),
    "auth.group": ("delete",),
    "operations.user": ("password",),
}


def furnish(actor: User, *, on: date) -> None:
    """Members with cards in several states, what they asked for, imports, runs."""
    personal, classic = an_annual_card(jd_plus()), _classic_card()
    group = TierGroup.objects.create(programme=personal.programme, code="stars", name="星级", name_en="Stars")
    Tier.objects.create(group=group, code="one", name="一星", name_en="One star", rank=1)
    desk = Group.objects.create(name="客服")
    actor.groups.add(desk)
    desk.permissions.add(Permission.objects.get(codename="view_member"))
    person, firm = a_person(on=on), a_firm(on=on, province="北京市", size="small", flags=["fortune500"])
    for member, plan in ((person, personal), (firm, classic)):
        subscription = join(member, plan, on=on, actor=actor)
        subscription.started_on = on
        subscription.save()
        renew(subscription)
    cancel_subscription(subscription, on=on, reason="搬迁", actor=actor)
    CreditRequest.objects.create(member=firm, limit=Decimal(50_000), term_days=30, requested_on=on)
    _money_and_points(person.subscriptions.get(), actor, on=on)
    reveal(person.contacts.get(), ["mobile"], reason="核对身份", actor=actor, at=timezone.now())
    a_note(person, actor, files=[a_letter()], is_pinned=True, follow_up_on=on)
    close_account(a_person(on=on), reason="本人申请注销", on=on, at=timezone.now(), actor=actor, checker=None)
    merge_records(
        a_person(on=on), a_person(on=on), choices={"mobile": "former"}, reason="同一人重复注册", on=on,
        at=timezone.now(), actor=actor, checker=None,
    )
    note_export({"reason": "核对"}, kind="csv", reason="季度审计", actor=actor, at=timezone.now())
    furnish_benefits(person, personal.programme, actor, on=on)
    furnish_credit(classic, actor, on=on)
    _imports(actor)
    note_personal_export(
        EnterpriseCustomer.objects.all(), asked="", reason="年度客户大会", actor=actor, at=timezone.now()
    )
    note_list_export(
        model="memberships.member", asked="", kind="xlsx", language="zh-hans", is_masked=True, needs_reason=True,
        reason="季度回访", rows=AT_ONCE["xlsx"] + 1, actor=actor, at=timezone.now(),
    )
    work_on_run(JobRun.objects.get(job="export_list").pk)
    note_failure("nobody", "192.0.2.1", at=timezone.now())
    run = JobRun.objects.earliest("pk")
    roll_up(run, until=on)
    JobRun.objects.filter(pk=run.pk).update(total=run.total + 1, failed=1)
    JobChunk.objects.create(run=run, number=99, first_key=1, last_key=9, size=1, state="parked", error="2026")
    tomorrow = on + timedelta(days=1)
    work_on_run(start_run("digest_audit_trail", business_date=tomorrow, actor=None, at=timezone.now()).pk)
    payments = Payment.objects.order_by("pk").values_list("pk", flat=True)
    choose(
        registry.bulk_actions.get("retry_payments_now"), payments, language="zh-hans", on=on, at=timezone.now(),
        actor=actor,
    )
    save_filter(
        model="memberships.payment", name="待重试", asked="show=retry", group=None, is_default=False, actor=actor
    )


def _money_and_points(card: Subscription, actor: User, *, on: date) -> None:
    """A payment that was declined and one that was given back; a wallet that earned, spent and lost points."""
    method = a_method(card.member, on=on)
    choose_payment_method(card, method, actor=actor)
    facts: dict[str, Any] = {
        "member": card.member, "subscription": card, "programme": card.programme, "plan": card.plan, "method": method,
        "amount": card.plan.price, "starts_on": on, "ends_on": on, "requested_on": on, "requested_at": timezone.now(),
    }
    paid = Payment.objects.create(
        **facts, key="renewal:1", purpose="renewal", term_number=2, state="succeeded", refunded=Decimal(10)
    )
    declined = Payment.objects.create(
        **facts, key="renewal:2", purpose="renewal", term_number=3, state="declined", decline="soft",
        code="insufficient_funds", next_attempt_on=on,
    )
    for payment, kinds in ((declined, ("requested", "declined")), (paid, ("requested", "succeeded", "refunded"))):
        for kind in kinds:
            PaymentEvent.objects.create(
                member=card.member, payment=payment, kind=kind, attempt=1, on=on, at=timezone.now(), actor=actor,
                code="insufficient_funds" if kind == "declined" else "", reason="客户来电",
            )
    Refund.objects.create(
        member=card.member, payment=paid, number=1, amount=Decimal(10), ends_card=False, state="succeeded",
        reason="系统故障补偿", requested_by=actor, requested_on=on, requested_at=timezone.now(),
    )
    wallet, day_before = points.a_wallet(card.member, card.programme), on - timedelta(days=1)
    points.earn(wallet, 100, expires_on=on, on=day_before)
    points.earn(wallet, 50, on=day_before)
    points.reverse(points.spend(wallet, 60, on=day_before), on=day_before)
    points.expire(wallet, on=on)


def _classic_card() -> Plan:
    facts = {"code": "classic", "name": "经典卡", "name_en": "Classic card", "credit_limit_cap": Decimal(2_000_000)}
    return an_annual_card(jd_plus_enterprise(), **facts)


def _imports(actor: User) -> None:
    """A preview with rows of every kind, an applied import, an undone one, a refused one."""
    known = a_row(1)
    worked(upload(actor, [known, a_bad_row(2)], is_confirmed=True))
    undone = worked(upload(actor, [a_row(3)], is_confirmed=True))
    worked(undo_import(undone, actor=actor, at=timezone.now()))
    changed = a_row(1, 省份="江苏省")
    worked(upload(actor, [changed, a_row(4), a_row(4), a_bad_row(5)]))
    upload(actor, [a_row(6), a_bad_row(7)], skips_invalid=False)
    upload(actor, [], headers=["甲", "乙"])


def upload(
    actor: User, rows: list[Row], *, headers: list[str] | None = None, skips_invalid: bool = True,
    is_confirmed: bool = False,
) -> ImportBatch:
    """A checked batch, or one that is confirmed."""
    batch = upload_file(
        "enterprise-customers", File(BytesIO(csv_file(rows, headers=headers))), file_name="名单.csv",
        skips_invalid=skips_invalid, actor=actor, at=timezone.now(),
    )
    batch = worked(batch)
    if not is_confirmed:
        return batch
    return confirm_import(
        batch, preview_key=batch.preview_key, file_sha256=batch.file_sha256, actor=actor, at=timezone.now()
    )


def worked(batch: ImportBatch) -> ImportBatch:
    """The batch once its present run has ended."""
    batch = ImportBatch.objects.get(pk=batch.pk)
    run = run_of(batch)
    if run is not None:
        work_on_run(run.pk)
    return ImportBatch.objects.get(pk=batch.pk)


def addresses() -> Iterator[str]:
    """Every list, form, record and history of the admin, and the pages around them."""
    for name in ("index", "login", "password_change", "password_change_done", "found", "second_factor"):
        yield reverse(f"admin:{name}")
    for model in admin.site._registry:
        yield from _of_model(model)
    yield f"{reverse('admin:memberships_member_changelist')}?q=0"
    yield from _of_care()
    yield reverse("admin:operations_trailexport_trail")
    yield f"{reverse('admin:operations_trailexport_trail')}?member=1&until=1900-01-01"
    yield f"{reverse('admin:search')}?s=北京&extended=1"
    yield f"{reverse('admin:index')}no-such-page/"
    for batch in ImportBatch.objects.all():
        page = reverse("admin:operations_importbatch_change", args=[batch.pk])
        yield page
        yield from (f"{page}?rows={kind}" for kind in ROWS_OF.get(State(batch.state), ()))


def _of_care() -> Iterator[str]:
    """The forms of a note and of closing an account, and the page of who is forgotten."""
    first, forgotten = Member.objects.earliest("pk"), AccountClosure.objects.earliest("pk")
    yield reverse("admin:memberships_casenote_write", args=[first.pk])
    yield reverse("admin:memberships_accountclosure_close", args=[first.pk])
    merge = MemberMerge.objects.earliest("pk")
    for key in (merge.former_id, merge.survivor_id):
        yield reverse("admin:memberships_member_change", args=[key])
    yield reverse("admin:memberships_membermerge_find", args=[merge.survivor_id])
    yield reverse("admin:memberships_membermerge_compare", args=[merge.survivor_id, first.pk])
    yield reverse("admin:memberships_membermerge_compare", args=[first.pk, merge.survivor_id])
    yield reverse("admin:memberships_membermerge_undo", args=[merge.pk])
    yield reverse("admin:memberships_membermerge_duplicates")
    yield reverse("admin:memberships_member_change", args=[forgotten.pk])


def _of_model(model: type[Model]) -> Iterator[str]:
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
    yield reverse(f"{name}_changelist")
    yield reverse(f"{name}_add")
    for record in model._default_manager.order_by("pk")[: 2 if model is Member else 1]:
        change = reverse(f"{name}_change", args=[record.pk])
        yield from (change, reverse(f"{name}_history", args=[record.pk]))
        yield from (change.replace("/change/", f"/{page}/") for page in PAGES.get(model._meta.label_lower, ()))


# --- what of all that is data, and stands in the language it was written in


def chinese_data() -> set[str]:
    """Whatever is stored in Chinese, and the headers of files."""
    stored = {text for model in apps.get_models() for text in _texts(model) if re.search("[\u4e00-\u9fff]", text)}
    headers = {header for importer in registry.importers for field in importer.columns() for header in field.headers}
    return stored | headers | {mask_name(name) for name in MemberContact.objects.values_list("name", flat=True)}


def _texts(model: type[Model]) -> Iterator[str]:
    """Every text in the rows of a model."""
    kinds = (models.CharField, models.TextField, models.JSONField)
    columns = [column.attname for column in model._meta.concrete_fields if isinstance(column, kinds)]
    # The other unmanaged models are queries, not tables.
    is_table = model._meta.managed or issubclass(model, StagedRow)
    for row in model._default_manager.values_list(*columns) if is_table and columns else ():
        yield from _leaves(row)


def _leaves(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list | tuple):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _leaves(part)


#: Fields of the upper floors that hold codes, numbers and names in English.
CODES = {
    "code", "name_en", "key", "sku", "partner_tier", "segment", "event_id", "reference", "name", "fingerprint", "type",
    "category", "ending", "number", "order_number", "rule",
}


def _codes_of(*floors: str) -> Iterator[str]:
    """What stands in those fields of all rows."""
    for model in (model for floor in floors for model in apps.get_app_config(floor).get_models()):
        names = [column.attname for column in model._meta.concrete_fields if column.name in CODES]
        if names and model._meta.managed:
            for row in model._default_manager.values_list(*names):
                yield from (text for text in row if isinstance(text, str) and text)


def latin_data() -> set[str]:
    """Codes, keys, gateways, login names, English names of records, headers and names of files."""
    offered = (Programme, Plan, Tier, TierGroup, AdjustmentReason, CaseNoteKind)
    named = {name for model in offered for row in model.objects.values_list("code", "name_en") for name in row}
    headers = {header for importer in registry.importers for field in importer.columns() for header in field.headers}
    files = set(ImportBatch.objects.values_list("file_name", flat=True))
    files.update(row for pair in CaseAttachment.objects.values_list("name", "content_type") for row in pair)
    groups = set(Group.objects.values_list("name", flat=True))
    people = set(User.objects.values_list("username", flat=True))
    keys = {key for row in OutboxMessage.objects.values_list("topic", "key") for key in row}
    keys.update(PointsEntry.objects.values_list("key", flat=True))
    keys.update(ApiClient.objects.values_list("prefix", flat=True))
    keys.update(scope.name for scope in registry.api_scopes)
    keys.update(_codes_of("benefits", "partners", "credit"))
    return named | headers | files | groups | people | keys | set(settings.GATEWAYS)

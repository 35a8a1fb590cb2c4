"""The audit trail: whatever writes a business row leaves an event that says who, why and by which job."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.apps import apps
from django.contrib.admin.models import ADDITION, LogEntry
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.db import DatabaseError, connection, models, transaction

from memberships.models import (
    AdjustmentReason,
    CaseAttachment,
    CaseNote,
    CaseNoteKind,
    CreditRequest,
    EarnPromotion,
    EarnRule,
    EnterpriseCustomer,
    Member,
    MemberContact,
    MemberReference,
    PaymentMethod,
    Plan,
    PointsPolicy,
    Programme,
    Subscription,
    Term,
    Tier,
    TierGroup,
)
from operations.audit import attach_context, because
from operations.models import (
    ApiClient,
    ApprovalLimit,
    GroupName,
    GroupRight,
    ImportBatch,
    JobRun,
    NoticeRule,
    RecoveryCode,
    SavedFilter,
    SecondFactor,
    User,
    UserGroup,
    UserRight,
)
from tests.memberships.factories import TODAY, a_firm, an_annual_card, an_operator, jd_plus_enterprise, renew
from tests.operations.untracked import NOT_TRACKED

pytestmark = pytest.mark.django_db
OTHER = 900_002


#: Those whose rows are written in all ways below; the trail of the others is the same.
LOWER_FLOORS = ("operations", "memberships")
FLOORS = (*LOWER_FLOORS, "credit", "benefits", "partners")


def models_of(*floors: str) -> list[type[models.Model]]:
    """The tables of our floors, without the event tables themselves."""
    ours = [model for floor in floors for model in apps.get_app_config(floor).get_models()]
    return [model for model in ours if not hasattr(model, "pgh_tracked_model")]


def events_of(model: type[models.Model]) -> models.Manager[Any]:
    return model._meta.get_field("audit_events").related_model._default_manager  # type: ignore[union-attr,return-value]


def is_tracked(model: type[models.Model]) -> bool:
    return any(field.name == "audit_events" for field in model._meta.get_fields(include_hidden=True))


TRACKED = [model for model in models_of(*LOWER_FLOORS) if is_tracked(model)]


def test_every_business_table_is_tracked_and_the_others_say_why_not() -> None:
    assert {model._meta.label for model in models_of(*FLOORS) if not is_tracked(model)} == set(NOT_TRACKED)
    assert len(TRACKED) >= 17


@pytest.mark.parametrize("model", TRACKED)
def test_ids_of_events_are_64_bits_wide(model: type[models.Model]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT data_type FROM information_schema.columns WHERE column_name = 'pgh_id' AND table_name = %s",
            [events_of(model).model._meta.db_table],
        )
        assert cursor.fetchone() == ("bigint",)


# --- one row of every kind, and ways to write it


@pytest.fixture
def cast() -> dict[type[models.Model], models.Model]:
    """One row of every tracked table."""
    programme = jd_plus_enterprise()
    plan = an_annual_card(programme)
    group = TierGroup.objects.create(programme=programme, code="stars", name="星级", name_en="Stars")
    tier = Tier.objects.create(group=group, code="one", rank=1, name="一星", name_en="One star")
    unsold = an_annual_card(programme, code="unsold")
    member = a_firm(external_id="ERP-1")
    subscription = Subscription.objects.create(
        member=member, programme=programme, plan=plan, requested_on=TODAY, started_on=TODAY
    )
    user = an_operator()
    rows = [
        programme, group, tier, unsold, member, member.contacts.get(), member.customer, subscription,
        renew(subscription)[0], CreditRequest.objects.create(member=member, limit=1, requested_on=TODAY), user,
        ImportBatch.objects.create(
            importer="enterprise-customers", file="imports/x", file_name="x.csv", file_sha256="0", file_size=1,
            uploaded_by=user, uploaded_at="2027-01-15T00:00:00Z",
        ),
        JobRun.objects.create(job="some_job", business_date=TODAY, requested_at="2027-01-15T00:00:00Z"),
        PaymentMethod.objects.create(member=member, gateway="sandbox", token="tok_ok", added_on=TODAY),
        PointsPolicy.objects.create(programme=programme),
        EarnRule.objects.create(
            programme=programme, code="usual", starts_on=TODAY, points_per_yuan=1, qualifying_per_yuan=1
        ),
        EarnPromotion.objects.create(programme=programme, code="11-11", starts_on=TODAY, multiplier=2),
        MemberReference.objects.create(member=member, source="erp", external_id="4711"),
        AdjustmentReason.objects.create(code="gift", name="礼物", name_en="Gift"),
        ApiClient.objects.create(
            name="app", prefix="abc", token_hash=b"x", scopes=["benefits.read"], user=user,
            created_at="2027-01-15T00:00:00Z",
        ),
        NoticeRule.objects.create(kind="card_lapsed", channels=["email"]),
        SavedFilter.objects.create(owner=user, model="memberships.member", name="mine", asked="kind__exact=person"),
        *rights_of(user), *second_factor_of(user), *care_of(member, user),
    ]
    return {type(row): row for row in rows}


def rights_of(user: User) -> list[models.Model]:
    """A row of each table that grants something; another group and another permission have the number OTHER."""
    kind = ContentType.objects.get_for_model(User)
    for key in (OTHER - 1, OTHER):
        Permission.objects.create(pk=key, content_type=kind, codename=f"do_{key}", name="Do")
    group, _other = (GroupName.objects.create(pk=key, name=f"group {key}") for key in (OTHER - 1, OTHER))
    return [
        group,
        UserGroup.objects.create(user=user, group_id=group.pk),
        UserRight.objects.create(user=user, permission_id=OTHER - 1),
        GroupRight.objects.create(group_id=group.pk, permission_id=OTHER - 1),
        ApprovalLimit.objects.create(action="refund_payment", group_id=group.pk, amount=5),
    ]


def second_factor_of(user: User) -> list[models.Model]:
    factor = SecondFactor.objects.create(user=user, key="A" * 32, enrolled_at="2027-01-15T00:00:00Z", last_step=1)
    return [factor, RecoveryCode.objects.create(factor=factor, code_hash=b"x")]


def care_of(member: Member, user: User) -> list[models.Model]:
    kind = CaseNoteKind.objects.create(code="thanks", name="表扬", name_en="Thanks")
    note = CaseNote.objects.create(
        member=member, kind=kind, text="来电表扬", key="1", written_at="2027-01-15T00:00:00Z", written_by=user
    )
    letter = CaseAttachment.objects.create(
        note=note, file="case-files/1", content_type="application/pdf", size=1, sha256="0",
        erased_at="2027-01-15T00:00:00Z",
    )
    return [kind, note, letter]


#: A field of each table, and another value for it.
CHANGES: dict[type[models.Model], tuple[str, Any]] = {
    Programme: ("name", "新名"), TierGroup: ("name", "新名"), Tier: ("name", "新名"), Plan: ("name", "新名"),
    Member: ("joined_on", date(2027, 1, 14)), MemberContact: ("email", "x@example.com"),
    EnterpriseCustomer: ("city", "宁波市"), Subscription: ("requested_on", date(2027, 1, 14)),
    Term: ("ends_on", date(2028, 2, 1)), CreditRequest: ("term_days", 30), User: ("first_name", "小美"),
    ImportBatch: ("file_name", "y.csv"), JobRun: ("state", "failed"), GroupName: ("name", "masters"),
    ApprovalLimit: ("amount", 6), PointsPolicy: ("pending_days", 7), EarnRule: ("cap_per_day", 100),
    EarnPromotion: ("multiplier", 3), MemberReference: ("external_id", "4712"), AdjustmentReason: ("is_active", False),
    PaymentMethod: ("label", "尾号 1234"), ApiClient: ("revoked_on", date(2027, 1, 15)),
    UserGroup: ("group_id", OTHER), UserRight: ("permission_id", OTHER), GroupRight: ("permission_id", OTHER),
    SecondFactor: ("enrolled_at", "2027-01-16T00:00:00Z"), RecoveryCode: ("used_at", "2027-01-16T00:00:00Z"),
    CaseNoteKind: ("is_active", False), CaseNote: ("is_pinned", True),
    CaseAttachment: ("erased_at", "2027-01-16T00:00:00Z"), NoticeRule: ("is_urgent", True),
    SavedFilter: ("name", "ours"),
}


def by_save(row: models.Model, field: str, value: Any) -> None:
    setattr(row, field, value)
    row.save(update_fields=[field])


def by_queryset(row: models.Model, field: str, value: Any) -> None:
    type(row)._base_manager.filter(pk=row.pk).update(**{field: value})


def by_bulk_update(row: models.Model, field: str, value: Any) -> None:
    setattr(row, field, value)
    type(row)._base_manager.bulk_update([row], [field])


def by_raw_sql(row: models.Model, field: str, value: Any) -> None:
    column, key = row._meta.get_field(field).column, row._meta.pk.column  # type: ignore[union-attr]
    with connection.cursor() as cursor:
        cursor.execute(f'UPDATE {row._meta.db_table} SET "{column}" = %s WHERE {key} = %s', [value, row.pk])


def test_the_stories_below_meet_every_tracked_table(cast: dict[type[models.Model], models.Model]) -> None:
    assert set(cast) == set(CHANGES) == set(TRACKED)


def assert_said(event: Any, label: str, actor: User) -> None:
    said = event.pgh_context.metadata
    assert event.pgh_label == label
    assert (said["user"], said["reason"], said["job"], said["run"]) == (actor.pk, "a test", "some_job", 7)


@pytest.mark.parametrize("write", [by_save, by_queryset, by_bulk_update, by_raw_sql])
@pytest.mark.parametrize("model", TRACKED, ids=lambda model: model.__name__)
def test_an_update_is_in_the_trail_with_its_context(
    cast: dict[type[models.Model], models.Model], model: type[models.Model],
    write: Callable[[models.Model, str, Any], None],
) -> None:
    actor, row = cast[User], cast[model]
    assert isinstance(actor, User)
    known = events_of(model).filter(pgh_obj_id=row.pk).count()
    with because("a test", actor=actor, job="some_job", run=7):
        write(row, *CHANGES[model])
    events = events_of(model).filter(pgh_obj_id=row.pk).order_by("pgh_id")
    assert events.count() == known + 1
    event = events.last()
    assert_said(event, "update", actor)


@pytest.mark.parametrize("model", TRACKED, ids=lambda model: model.__name__)
def test_rows_made_in_bulk_are_in_the_trail_with_their_context(
    cast: dict[type[models.Model], models.Model], model: type[models.Model]
) -> None:
    """Taken away by raw SQL and put back by bulk_create, as the same rows."""
    actor, row = cast[User], cast[model]
    assert isinstance(actor, User)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(f"DELETE FROM {model._meta.db_table} WHERE {model._meta.pk.column} = %s", [row.pk])  # type: ignore[union-attr]
        cursor.execute("SET LOCAL session_replication_role = origin")
    with because("a test", actor=actor, job="some_job", run=7):
        model._base_manager.bulk_create([row])
    event = events_of(model).filter(pgh_obj_id=row.pk).order_by("pgh_id").last()
    assert_said(event, "insert", actor)


@pytest.mark.parametrize("model", TRACKED, ids=lambda model: model.__name__)
def test_rows_copied_in_and_deleted_are_in_the_trail_with_their_context(
    cast: dict[type[models.Model], models.Model], model: type[models.Model]
) -> None:
    actor, row = cast[User], cast[model]
    assert isinstance(actor, User)
    table, key = model._meta.db_table, model._meta.pk.column  # type: ignore[union-attr]
    with connection.cursor() as cursor:
        with cursor.copy(f"COPY (SELECT * FROM {table} WHERE {key} = {row.pk}) TO STDOUT") as out:
            data = b"".join(bytes(part) for part in out)
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(f"DELETE FROM {table} WHERE {key} = %s", [row.pk])
        cursor.execute("SET LOCAL session_replication_role = origin")
        with because("a test", actor=actor, job="some_job", run=7):
            attach_context()
            with cursor.copy(f"COPY {table} FROM STDIN") as copy:
                copy.write(data)
    event = events_of(model).filter(pgh_obj_id=row.pk).order_by("pgh_id").last()
    assert_said(event, "insert", actor)


def test_a_deleted_row_stays_in_the_trail_as_it_was() -> None:
    member, actor = a_firm(), an_operator()
    contact = member.contacts.get()
    key = contact.pk
    with because("a test", actor=actor, job="some_job", run=7):
        contact.delete()
    event = events_of(MemberContact).filter(pgh_obj_id=key).order_by("pgh_id").last()
    assert_said(event, "delete", actor)
    assert event.member_id == member.pk


def test_many_rows_at_once_leave_one_event_each() -> None:
    Programme.objects.bulk_create(
        Programme(code=f"p{number}", name="名", name_en="Name", audience="person") for number in range(500)
    )
    with because("renamed"):
        Programme.objects.update(name="新名")
    events = events_of(Programme)
    assert events.filter(pgh_label="insert").count() == events.filter(pgh_label="update").count() == 500
    assert events.filter(pgh_label="update").values("pgh_context").distinct().count() == 1


def test_personal_data_is_masked_in_the_trail_at_insert_update_and_delete() -> None:
    contact = a_firm().contacts.get()
    MemberContact.objects.filter(pk=contact.pk).update(mobile="13612345678")
    contact.delete()
    events = list(events_of(MemberContact).order_by("pgh_id").values_list("pgh_label", "name", "mobile", "email"))
    assert events == [
        ("insert", "韩**", "139****4321", "b***@example.com"),
        ("update", "韩**", "136****5678", "b***@example.com"),
        ("delete", "韩**", "136****5678", "b***@example.com"),
    ]


def test_a_password_never_enters_the_trail() -> None:
    an_operator().set_password("another-long-password")
    assert not {"password", "last_login"} & {field.name for field in events_of(User).model._meta.fields}


# --- reasons


def contexts(model: type[models.Model]) -> list[dict[str, Any]]:
    return [event.pgh_context.metadata for event in events_of(model).order_by("pgh_id").select_related("pgh_context")]


def test_a_reason_inside_another_holds_for_itself_alone() -> None:
    with because("the whole", job="some_job", run=7):
        jd_plus_enterprise()
        with because("a part", chunk=3):
            Programme.objects.update(name="一")
        Programme.objects.update(name="二")
    assert contexts(Programme) == [
        {"reason": "the whole", "job": "some_job", "run": 7},
        {"reason": "a part", "job": "some_job", "run": 7, "chunk": 3},
        {"reason": "the whole", "job": "some_job", "run": 7},
    ]


def test_a_reason_ends_with_an_error_too() -> None:
    with because("the whole"):
        with pytest.raises(ValueError, match="no"), because("a part"):
            raise ValueError("no")
        jd_plus_enterprise()
    assert contexts(Programme) == [{"reason": "the whole"}]


# --- nothing of it is ever changed


def refused(sql: str) -> None:
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)


@pytest.mark.parametrize("model", TRACKED, ids=lambda model: model.__name__)
def test_nobody_changes_deletes_or_empties_the_trail(
    cast: dict[type[models.Model], models.Model], model: type[models.Model]
) -> None:
    table = events_of(model).model._meta.db_table
    assert events_of(model).exists()
    refused(f"UPDATE {table} SET pgh_label = 'x'")
    refused(f"DELETE FROM {table}")
    refused(f"TRUNCATE {table} CASCADE")


@pytest.mark.parametrize(
    "sql",
    ["UPDATE pghistory_context SET metadata = '{}'", "DELETE FROM pghistory_context",
     "TRUNCATE pghistory_context CASCADE",
     "UPDATE pghistory_context SET metadata = metadata || '{\"reason\": \"another\"}'",
     "UPDATE pghistory_context SET created_at = now() - interval '1 day'",
     "UPDATE operations_reveal SET reason = 'x'", "TRUNCATE operations_reveal"],
)
def test_nobody_changes_deletes_or_empties_the_reasons(sql: str) -> None:
    with because("a test"):
        jd_plus_enterprise()
    if "UPDATE operations_reveal" in sql:
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO operations_reveal (actor_id, model, object_id, field, reason, revealed_at)"
                " VALUES (%s, 'm', 1, 'mobile', 'a call', now())", [an_operator().pk],
            )
    refused(sql)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("facts", ['{"reason": "another"}', '{"forged": true}'])
def test_a_context_gains_no_facts_after_its_transaction(facts: str) -> None:
    with because("a test"):
        jd_plus_enterprise()
    refused(f"UPDATE pghistory_context SET metadata = metadata || '{facts}'")
    refused(f"UPDATE pghistory_context SET metadata = metadata || '{facts}', created_at = now()")


@pytest.mark.django_db(transaction=True)
def test_a_context_may_serve_several_transactions() -> None:
    """As pghistory upserts it each time, with the same facts."""
    with because("a test"):
        jd_plus_enterprise()
        Programme.objects.update(name="一")
    assert contexts(Programme) == [{"reason": "a test"}] * 2


def test_a_context_gains_facts_within_its_transaction() -> None:
    with because("a test"):
        jd_plus_enterprise()
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE pghistory_context SET metadata = metadata || '{\"user\": 1}' "
                "WHERE metadata->>'reason' = 'a test'"
            )
    assert contexts(Programme) == [{"reason": "a test", "user": 1}]


@pytest.mark.parametrize(
    "sql", ["UPDATE django_admin_log SET user_id = 0", "DELETE FROM django_admin_log", "TRUNCATE django_admin_log"]
)
def test_nobody_changes_deletes_or_empties_the_log_of_the_admin(sql: str) -> None:
    user = an_operator()
    LogEntry.objects.create(user=user, action_flag=ADDITION, object_id="1", object_repr="x", change_message="")
    refused(sql)


# --- who may do what, and what was done to a run


def test_granting_and_taking_away_is_in_the_trail() -> None:
    user, group = an_operator(), Group.objects.create(name="masters")
    right = Permission.objects.get(codename="view_user")
    with because("promoted"):
        user.groups.add(group)
        user.user_permissions.add(right)
        group.permissions.add(right)
        user.groups.remove(group)
        user.user_permissions.clear()
        group.permissions.clear()
        Group.objects.filter(pk=group.pk).update(name="servants")
    for model in (UserGroup, UserRight, GroupRight):
        # The shipped roles have events of their own.
        events = events_of(model).filter(pgh_context__metadata__reason="promoted").order_by("pgh_id")
        assert [event.pgh_label for event in events] == ["insert", "delete"]
    named = events_of(GroupName).filter(pgh_obj_id=group.pk).order_by("pgh_id")
    assert [event.name for event in named] == ["masters", "servants"]


def test_a_run_leaves_events_of_its_states_not_of_its_progress() -> None:
    run = JobRun.objects.create(job="some_job", business_date=TODAY, requested_at="2027-01-15T00:00:00Z")
    JobRun.objects.update(done=5, heartbeat_at="2027-01-15T00:00:01Z")
    with because(actor=an_operator()):
        JobRun.objects.update(state="cancelled", failed=1)
    events = events_of(JobRun).filter(pgh_obj_id=run.pk).order_by("pgh_id")
    assert [(event.pgh_label, event.state) for event in events] == [("insert", "queued"), ("update", "cancelled")]

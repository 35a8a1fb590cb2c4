"""Which role opens and presses what: every page of the admin, by GET and by POST, against the table below.

The table is written by hand, and a page that it does not name fails the last test: whoever adds a page says here whose
it is.
"""

from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import cache
from typing import Any, NamedTuple
from unittest import mock

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib import admin
from django.contrib.auth.models import Group
from django.db import transaction
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.template import engines
from django.template.response import TemplateResponse
from django.test import Client, override_settings
from django.urls import reverse
from django.utils import timezone

from benefits.models import Choice, Redemption, ValueStatement
from credit.models import CreditLine, Receipt
from memberships.admin.display import today
from memberships.approvals import RefundPayment
from memberships.models import CaseAttachment, CaseNote, Member, MemberMerge, Payment, Programme, ProgrammeRevision
from operations import roles
from operations.models import Approval, ApprovalLimit, ImportBatch, JobChunk, JobRun, OutboxMessage, SignInLock, User
from operations.security.backend import DeskBackend
from operations.services.approvals import ask
from operations.services.dry_runs import start_dry_run
from operations.tasks import work_on_run
from partners.models import DailyFile
from tests.config.full_desk import furnish
from tests.operations.sign_in_stories import with_phone

OPERATOR, CONTROLLER, MANAGER = "operator", "credit_controller", "programme_manager"
APPROVER, AUDITOR, ADMINISTRATOR = "approver", "auditor", "administrator"
ALL = {OPERATOR, CONTROLLER, MANAGER, APPROVER, AUDITOR, ADMINISTRATOR}
IMPORTERS = {OPERATOR, CONTROLLER, ADMINISTRATOR}
ON_CALL = {OPERATOR, ADMINISTRATOR}
BY_HAND = {OPERATOR, MANAGER, ADMINISTRATOR}
SETTLERS = {MANAGER, ADMINISTRATOR}
CREDIT = {CONTROLLER, ADMINISTRATOR}
VALUE_FILES = {OPERATOR, MANAGER, AUDITOR, ADMINISTRATOR}
PROFIT_FILES = {MANAGER, AUDITOR, ADMINISTRATOR}
CASE_WRITERS = {OPERATOR, CONTROLLER, ADMINISTRATOR}
CASE_READERS = {*CASE_WRITERS, AUDITOR}
NOBODY: set[str] = set()

#: Lists, records and histories are everybody's, but for these.
READ = {
    "auth_group": {ADMINISTRATOR}, "operations_signinlock": {AUDITOR, ADMINISTRATOR},
    "memberships_casenote": CASE_READERS,
}
#: Lists are taken away by all who read them but approvers, and these by them.
EXPORT = {
    "memberships_enterprisecustomer": {OPERATOR, CONTROLLER, AUDITOR}, "benefits_valuestatement": VALUE_FILES,
    "memberships_profitrow": PROFIT_FILES, "partners_settlement": SETTLERS,
}
#: What is added by a form of the list, changed by the form of its record, deleted; nobody does it to anything else.
ADD = {
    "operations_importbatch": IMPORTERS, "operations_jobrun": ON_CALL, "operations_user": {ADMINISTRATOR},
    "operations_approvallimit": {ADMINISTRATOR}, "memberships_adjustmentreason": {MANAGER, ADMINISTRATOR},
    "memberships_programmerevision": {MANAGER}, "memberships_casenotekind": {ADMINISTRATOR},
}
CHANGE = {
    "operations_user": {ADMINISTRATOR}, "operations_approvallimit": {ADMINISTRATOR},
    "memberships_adjustmentreason": {MANAGER, ADMINISTRATOR}, "memberships_casenotekind": {ADMINISTRATOR},
}
DELETE = {"operations_approvallimit": {ADMINISTRATOR}}
#: Pages of records that are no forms: a POST shows them. That of an entry is its wallet's.
SHOWN = {
    "operations_approval", "operations_auditdigest", "memberships_casenote",
    "operations_importbatch", "operations_jobrun", "memberships_payment",
    "memberships_subscription", "memberships_enrolment", "memberships_order", "memberships_programmerevision",
    "memberships_tiergroup", "memberships_tierstanding", "memberships_programme", "memberships_pointsentry",
    "memberships_tierchange", "operations_notice", "benefits_pricingpolicy", "benefits_benefitrule",
    "benefits_benefit", "benefits_choicegroup", "benefits_budget", "benefits_redemption", "benefits_grant",
    "benefits_valuestatement",
    "partners_statusmatch", "partners_vouchercode", "partners_dailyfile", "partners_command",
    # Those of a key and of a dead letter are others' pages.
    "benefits_brand", "benefits_campaign",
    "partners_settlement", "partners_partnerstatement", "partners_statementline",
    "partners_partner", "partners_fulfilment", "partners_inboundevent", "partners_partnerkey", "partners_deadletter",
    "credit_creditline", "credit_invoice", "credit_receipt", "credit_authorisation", "credit_creditentry",
    "credit_balanceconfirmation", "credit_creditpolicy", "memberships_creditrequest",
    # That of a decision is the page of its request.
    "credit_creditdecision",
    # That of a line of profit and loss is its programme's.
    "memberships_profitrow",
}
#: Pages of a record or list that ask first, then do it.
ASKED = {
    "memberships_payment_retry": {OPERATOR},
    "memberships_payment_refund": {OPERATOR, ADMINISTRATOR},
    "memberships_subscription_pay": {OPERATOR},
    "memberships_subscription_renew": {OPERATOR},
    "memberships_subscription_reactivate": {OPERATOR},
    "memberships_subscription_cancel": {OPERATOR},
    "memberships_subscription_resume": {OPERATOR},
    "memberships_member_enrol": ON_CALL,
    "memberships_accountclosure_close": CASE_WRITERS,
    **{f"memberships_membermerge_{name}": CASE_WRITERS for name in ("find", "compare", "duplicates", "undo")},
    **{f"memberships_casenote_{name}": CASE_WRITERS for name in ("write", "correct", "pin", "unpin", "follow-up")},
    "memberships_enrolment_adjust": ON_CALL,
    "memberships_enrolment_extend": ON_CALL,
    "memberships_pointsentry_reinstate": ON_CALL,
    "memberships_pointsentry_reverse": ON_CALL,
    "memberships_tierstanding_set": BY_HAND,
    **{f"memberships_programmerevision_{name}": {MANAGER}
       for name in ("new", "edit", "submit", "take_up_again", "discard", "roll_back")},
    "memberships_membercontact_reveal": {OPERATOR, CONTROLLER},
    "memberships_membercontact_language": CASE_WRITERS,
    "memberships_membercontact_text-messages": CASE_WRITERS,
    "memberships_enterprisecustomer_edit": {OPERATOR, CONTROLLER},
    "memberships_enterprisecustomer_export_personal": {CONTROLLER},
    # They ask, and do nothing.
    "benefits_benefit_stock": {MANAGER, ADMINISTRATOR},
    "benefits_budget_amount": {MANAGER, ADMINISTRATOR},
    "benefits_budget_days": {MANAGER, ADMINISTRATOR},
    "benefits_redemption_redeem": ON_CALL,
    "benefits_redemption_take_back": ON_CALL,
    "benefits_choice_choose": ON_CALL,
    "benefits_membersegment_put": ON_CALL,
    **{f"benefits_campaign_{name}": {MANAGER, ADMINISTRATOR} for name in ("stop", "resume")},
    "benefits_membersegment_take_out": ON_CALL,
    "partners_statusmatch_match": ON_CALL,
    "partners_statusmatch_revoke": ON_CALL,
    "benefits_pricingpolicy_quote": ALL,
    "benefits_pricingpolicy_after_sales": ALL,
    "partners_partner_make_key": {ADMINISTRATOR},
    "partners_partner_enter-key": {ADMINISTRATOR},
    "partners_partnerkey_end": {ADMINISTRATOR},
    "partners_partnerkey_revoke": {ADMINISTRATOR},
    "partners_partner_add-contact": ON_CALL,
    "partners_partnercontact_reveal": ON_CALL,
    "partners_partnercontact_remove": ON_CALL,
    "partners_fulfilment_replay": ON_CALL,
    "partners_inboundevent_replay": ON_CALL,
    "partners_deadletter_replay_all": ON_CALL,
    "partners_command_done": ON_CALL,
    "partners_command_impossible": ON_CALL,
    "partners_vouchercode_bring_in": ON_CALL,
    "partners_vouchercode_reveal": ON_CALL,
    "partners_vouchercode_void": ON_CALL,
    "partners_partnerstatement_bring_in": ON_CALL,
    "partners_partnerstatement_set_mapping": ON_CALL,
    **{f"partners_settlement_{name}": SETTLERS for name in ("draft", "redraft", "adjust", "late", "submit")},
    **{f"credit_creditline_{name}": CREDIT
       for name in ("change_terms", "raise", "suspend", "resume", "review", "close", "keep", "exclude", "pause",
                    "enter_invoice", "authorise", "confirmation")},
    **{f"credit_{name}_end": CREDIT for name in ("temporaryincrease", "blockingexclusion", "overduepause")},
    **{f"memberships_creditrequest_{name}": CREDIT for name in ("enter", "grant", "decline", "withdraw")},
    **{f"credit_receipt_{name}": CREDIT
       for name in ("enter", "match", "allocate", "set_aside", "take_up", "refund", "unmatch", "bounce")},
    **{f"credit_invoice_{name}": CREDIT
       for name in ("credit", "write_off", "official_request", "official_issue", "official_withdraw", "official_void")},
    **{f"credit_authorisation_{name}": CREDIT for name in ("capture", "void")},
    **{f"credit_creditentry_{name}": CREDIT for name in ("deallocate", "recover")},
    **{f"credit_balanceconfirmation_{name}": CREDIT for name in ("confirm", "dispute")},
    "operations_signinlock_unlock": {ADMINISTRATOR},
    "operations_user_unlock": {ADMINISTRATOR},
    "operations_user_reset_second_factor": {ADMINISTRATOR},
    # The first user is the superuser, out of reach of all others.
    "auth_user_password_change": NOBODY,
    "operations_apiclient_make": {ADMINISTRATOR},
    "operations_apiclient_revoke": {ADMINISTRATOR},
    "operations_approval_approve": {APPROVER},
    "operations_approval_reject": {APPROVER},
    # Only who asked for it.
    "operations_approval_withdraw": NOBODY,
    # Of this request nothing is masked.
    "operations_approval_reveal": NOBODY,
    "operations_importbatch_upload": IMPORTERS,
    "operations_jobrun_start": ON_CALL,
    "operations_jobrun_execute": ON_CALL,
    "operations_notice_channels": {MANAGER, ADMINISTRATOR},
    "operations_outboxmessage_send_all_again": ON_CALL,
    "operations_outboxmessage_send_again": ON_CALL,
    "operations_trailexport_take_away": {AUDITOR, ADMINISTRATOR},
}
#: Buttons: POST only.
PRESSED = {
    **{f"operations_importbatch_{name}": IMPORTERS
       for name in ("choose", "confirm", "discard", "recheck", "undo", "cancel", "resume")},
    **{f"operations_jobrun_{name}": ON_CALL for name in ("cancel", "resume", "again")},
    "memberships_programmerevision_what_if": {MANAGER},
    "credit_receipt_match_now": CREDIT,
}
#: Pages that everybody who is named below reads, and on which these also ask for something: their POST.
ASKED_ON = {"memberships_tiergroup_what_if": {MANAGER}}
#: What is only read.
LOOKED_AT = {
    "memberships_casenote_file": CASE_READERS,
    "memberships_member_timeline": ALL,
    "operations_jobrun_nights": ALL, "operations_jobrun_progress": ALL, "operations_importbatch_progress": ALL,
    "memberships_tiergroup_what_if": ALL, "memberships_programmerevision_file": ALL, "operations_notice_preview": ALL,
    "memberships_programmerevision_compare": ALL, "memberships_programme_export": ALL,
    "operations_importbatch_template": IMPORTERS,
    "partners_partner_health": ALL, "partners_partner_health_overview": ALL,
    "partners_vouchercode_pools": ALL, "partners_dailyfile_download": ON_CALL,
    "partners_settlement_export": SETTLERS,
    "benefits_valuestatement_statement": ALL, "benefits_valuestatement_file": VALUE_FILES,
    "benefits_benefit_dilution": ALL, "memberships_profitrow_first": ALL, "memberships_profitrow_profit": ALL,
    "memberships_profitrow_file": PROFIT_FILES,
    "credit_creditline_order_test": ALL, "credit_creditline_statement": ALL, "credit_invoice_ageing": ALL,
    "credit_receipt_work": ALL, "credit_creditline_statement_file": CREDIT,
    "credit_balanceconfirmation_letter": CREDIT,
    # Only who asked for the file, or uploaded it.
    "operations_listexport_file": NOBODY,
    "operations_importbatch_error_file": NOBODY,
    "operations_trailexport_trail": {AUDITOR, ADMINISTRATOR},
}
#: Pages of the site itself, which show what their reader may see.
SITE = {
    "search", "index", "login", "logout", "password_change", "password_change_done", "autocomplete", "jsi18n",
    "view_on_site", "app_list",
    # The box of the header, which shows what the lists would (tests/config/test_finding.py).
    "find_anything", "found", "found_kept",
    # Everybody's own (tests/operations/test_second_factor.py, test_session_limits.py).
    "second_factor", "second_factor_verify", "session",
}
OF_EVERY_MODEL = (
    "changelist", "add", "history", "delete", "change", "find", "export_list",
    # One's own, of lists that one may see (tests/operations/test_saved_filters.py).
    "filter_save", "filter_open", "filter_change", "filter_delete",
)
SEEN, DONE, DENIED = {200}, {200, 302, 422}, {403}


class Asked(NamedTuple):
    """A request, and the answers that would be right."""

    method: str
    url: str
    right: set[int]


@pytest.fixture
def desk(db: None) -> None:
    """Something on every page, and a request that waits."""
    root = User.objects.create_superuser("root", password="a-long-enough-password")
    furnish(root, on=today())
    JobChunk.objects.filter(number=99).delete()  # parked, as no chunk of such a run can be
    furnish_questions(root)
    with_phone(root, at=timezone.now())


def furnish_questions(root: User) -> None:
    """A dry run, somebody who is locked out, and a request that waits for a second person."""
    work_on_run(start_dry_run("expire_points", business_date=today(), actor=root, at=timezone.now()).pk)
    SignInLock.objects.filter(kind="name").update(user=root, locked_until=timezone.now() + timedelta(days=1))
    ApprovalLimit.objects.filter(action=RefundPayment.name).delete()
    payment = Payment.objects.filter(state="succeeded").earliest("pk")
    payload = RefundPayment.payload_of(payment, amount=payment.amount - 10, ends_card=False, refunds=1)
    ask(RefundPayment.name, payload, actor=root, reason="客户来电", on=today(), at=timezone.now())


#: Whose pages are rendered, too: one who only reads. Those of one who may do everything are rendered by
#: test_desk_translated.py, in both languages; of all others it is enough that the page is given to them.
RENDERED = {AUDITOR}
BLANK = engines["django"].from_string("")


class Unrendered:
    """The middleware that leaves pages blank; whoever may not have one is told so before."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_template_response(self, request: HttpRequest, response: TemplateResponse) -> TemplateResponse:
        response.template_name = BLANK  # type: ignore[assignment]
        return response


def rights_read_once() -> Any:
    """Whoever asks is the same in a thousand requests, and so are the rights; to read them is a fifth of the time."""
    read = cache(DeskBackend().get_user)
    return mock.patch.object(DeskBackend, "get_user", lambda backend, user_id: read(user_id))


def who_is(role: roles.Role) -> Client:
    user = User.objects.create_user(role.name, password="a-long-enough-password", is_staff=True)
    user.groups.add(Group.objects.get(name=role.group))
    client = Client(headers={"accept-language": "en"})
    client.force_login(user)
    return client


def answer(client: Client, asked: Asked) -> int:
    """The status; what a POST did is taken back."""
    with transaction.atomic():
        status = getattr(client, asked.method)(asked.url).status_code
        transaction.set_rollback(True)
    return int(status)


def wrong(requests: Any) -> list[str]:
    """What was answered otherwise than the table says, for every role."""
    found = []
    for role in roles.ROLES:
        left_blank = [] if role.name in RENDERED else [f"{__name__}.{Unrendered.__name__}"]
        with override_settings(MIDDLEWARE=[*settings.MIDDLEWARE, *left_blank]), rights_read_once():
            client = who_is(role)
            for asked in requests(role.name):
                status = answer(client, asked)
                if status not in asked.right:
                    found.append(f"{role.name} {asked.method} {asked.url}: {status}, not {sorted(asked.right)}")
    return found


def models() -> Iterator[tuple[str, type[Model]]]:
    for model in admin.site._registry:
        yield f"{model._meta.app_label}_{model._meta.model_name}", model


def first(model: type[Model]) -> Model | None:
    return model._default_manager.order_by("pk").first()


def pages_of_models(role: str) -> Iterator[Asked]:
    for name, model in models():
        reads = role in READ.get(name, ALL)
        yield Asked("get", reverse(f"admin:{name}_changelist"), SEEN if reads else DENIED)
        yield Asked("post", reverse(f"admin:{name}_find"), {302} if reads else DENIED)
        if name in (*EXPORT, "memberships_member", "memberships_payment"):
            exports = role in EXPORT.get(name, ALL - {APPROVER})
            yield Asked("post", reverse(f"admin:{name}_export_list"), {422} if exports else DENIED)
        adds = role in ADD.get(name, NOBODY)
        for method in ("get", "post"):
            yield Asked(method, reverse(f"admin:{name}_add"), DONE if adds else DENIED)
        record = first(model)
        if record is not None:
            yield from pages_of_record(role, name, record, reads=reads)


def pages_of_record(role: str, name: str, record: Model, *, reads: bool) -> Iterator[Asked]:
    changes, deletes = role in CHANGE.get(name, NOBODY), role in DELETE.get(name, NOBODY)
    if isinstance(record, User):  # the superuser's own page
        changes = False
    for page in ("change", "history"):
        yield Asked("get", reverse(f"admin:{name}_{page}", args=[record.pk]), SEEN | {302} if reads else DENIED)
    posted = DONE if changes or (reads and name in SHOWN) else DENIED
    yield Asked("post", reverse(f"admin:{name}_change", args=[record.pk]), posted)
    for method in ("get", "post"):
        yield Asked(method, reverse(f"admin:{name}_delete", args=[record.pk]), DONE if deletes else DENIED)


def address(name: str) -> str | None:
    """The page of that name, of the first record where it is about one; None where there is no such record."""
    app, model, _page = name.split("_", 2)
    if name == "memberships_programmerevision_compare":
        revision = first(ProgrammeRevision)
        return revision and f"{reverse(f'admin:{name}')}?old={revision.pk}&new={revision.pk}"
    if name == "operations_importbatch_template":
        return reverse(f"admin:{name}", args=["enterprise-customers"])
    if name in ("operations_importbatch_upload", "operations_jobrun_start", "operations_jobrun_nights",
                "operations_outboxmessage_send_all_again",
                "memberships_enterprisecustomer_export_personal",
                "operations_notice_preview", "operations_trailexport_trail", "operations_trailexport_take_away",
                "memberships_programmerevision_new", "operations_apiclient_make",
                "benefits_pricingpolicy_quote", "benefits_pricingpolicy_after_sales",
                "memberships_profitrow_first",
                "partners_vouchercode_bring_in", "partners_vouchercode_pools", "partners_settlement_draft",
                "partners_partnerstatement_bring_in", "partners_partnerstatement_set_mapping",
                "partners_deadletter_replay_all", "partners_partner_health_overview", "partners_statusmatch_match",
                "credit_creditline_order_test", "credit_invoice_ageing", "credit_receipt_work", "credit_receipt_enter",
                "memberships_creditrequest_enter"):
        return reverse(f"admin:{name}")
    if name == "operations_notice_channels":
        return reverse(f"admin:{name}", args=["card_lapsed"])
    if name == "benefits_redemption_redeem":
        used = Redemption.objects.earliest("pk")
        return reverse(f"admin:{name}", args=[used.member_id, used.benefit_id])
    if name == "memberships_membermerge_duplicates":
        return reverse(f"admin:{name}")
    if name == "memberships_membermerge_compare":
        return reverse(f"admin:{name}", args=[*Member.objects.order_by("pk").values_list("pk", flat=True)[:2]])
    if name == "memberships_membermerge_undo":
        return reverse(f"admin:{name}", args=[MemberMerge.objects.earliest("pk").pk])
    if name == "memberships_membermerge_find":
        return reverse(f"admin:{name}", args=[Member.objects.earliest("pk").pk])
    if name in ("memberships_casenote_write", "memberships_accountclosure_close"):
        return reverse(f"admin:{name}", args=[CaseNote.objects.earliest("pk").member_id])
    if name == "memberships_casenote_file":
        kept = CaseAttachment.objects.earliest("pk")
        return reverse(f"admin:{name}", args=[kept.note_id, kept.pk])
    if name in ("benefits_valuestatement_statement", "benefits_valuestatement_file"):
        kept = ValueStatement.objects.earliest("pk")
        ending = ["csv"] if name.endswith("file") else []
        return reverse(f"admin:{name}", args=[kept.member_id, kept.programme_id, *ending])
    if name in ("memberships_profitrow_profit", "memberships_profitrow_file", "benefits_benefit_dilution"):
        ending = ["csv"] if name.endswith("file") else []
        return reverse(f"admin:{name}", args=[Programme.objects.earliest("pk").pk, *ending])
    if name == "partners_dailyfile_download":
        return reverse(f"admin:{name}", args=[DailyFile.objects.earliest("pk").pk, "file"])
    if name == "credit_receipt_match_now":
        receipt = Receipt.objects.unmatched().earliest("pk")
        return reverse(f"admin:{name}", args=[receipt.pk, CreditLine.objects.not_closed().earliest("pk").pk])
    if name == "credit_creditline_statement_file":
        return reverse(f"admin:{name}", args=[CreditLine.objects.earliest("pk").pk, "pdf"])
    if name == "benefits_choice_choose":
        choice = Choice.objects.earliest("pk")
        return reverse(f"admin:{name}", args=[choice.member_id, choice.group_id])
    if name == "benefits_membersegment_put":
        return reverse(f"admin:{name}", args=[Choice.objects.earliest("pk").member_id])
    found = User.objects.earliest("pk") if app == "auth" else first(apps.get_model(app, model))
    if model == "payment" and name.endswith("retry"):
        found = Payment.objects.filter(state="declined").first()
    if name == "operations_outboxmessage_send_again":
        found = OutboxMessage.objects.filter(state__in=["parked", "unheard"]).first()
    if model == "approval":
        found = Approval.objects.waiting().first()
    if name == "operations_jobrun_execute":
        found = JobRun.objects.filter(is_dry_run=True).first()
    if name == "operations_importbatch_error_file":
        found = ImportBatch.objects.filter(state="applied").first()
    return None if found is None else reverse(f"admin:{name}", args=[found.pk])


def other_pages(role: str) -> Iterator[Asked]:
    for name, who in ASKED.items():
        if url := address(name):
            for method in ("get", "post"):
                yield Asked(method, url, DONE if role in who else DENIED)
    for name, who in PRESSED.items():
        if url := address(name):
            yield Asked("get", url, {405})
            yield Asked("post", url, {302} if role in who else DENIED)
    for name, who in LOOKED_AT.items():
        if url := address(name):
            # The first page of profit and loss leads to that of a programme.
            leads_on = {302} if name == "memberships_profitrow_first" else set()
            yield Asked("get", url, SEEN | leads_on if role in who else {403, 404})
    for name, who in ASKED_ON.items():
        if url := address(name):
            yield Asked("post", url, DONE if role in who else DENIED)


def test_every_role_opens_the_lists_and_records_that_are_its_own(desk: None) -> None:
    assert "\n".join(wrong(pages_of_models)) == ""


@pytest.mark.django_db
def test_every_list_is_taken_away_by_those_whose_it_is() -> None:
    wrong = []
    for role in roles.ROLES:
        request = HttpRequest()
        request.user = User.objects.create_user(role.name, is_staff=True)
        request.user.groups.add(Group.objects.get(name=role.group))
        for name, model in models():
            may = role.name in READ.get(name, ALL) and role.name in EXPORT.get(name, ALL - {APPROVER})
            if admin.site._registry[model].may_export(request) != may:  # type: ignore[attr-defined]
                wrong.append(f"{role.name} {name}")
    assert wrong == []


def test_every_role_presses_the_buttons_that_are_its_own(desk: None) -> None:
    assert "\n".join(wrong(other_pages)) == ""


def test_every_page_of_the_admin_is_in_the_table() -> None:
    standing = {f"{name}_{page}" for name, _model in models() for page in OF_EVERY_MODEL}
    known = standing | SITE | set(ASKED) | set(PRESSED) | set(LOOKED_AT)
    assert set(_names(admin.site.urls[0])) ^ known == set()


def _names(patterns: Any) -> Iterator[str]:
    for pattern in patterns:
        if hasattr(pattern, "url_patterns"):
            yield from _names(pattern.url_patterns)
        elif pattern.name:
            yield pattern.name

"""A list asks as many questions for thirty rows as for three, and no more than its baseline."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.contrib.contenttypes.models import ContentType
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from memberships.models import (
    AccountClosure,
    AdjustmentReason,
    CaseNoteKind,
    CreditRequest,
    Member,
    MemberMerge,
    Order,
    Payment,
    PaymentEvent,
    Plan,
    PointsLiability,
    Programme,
    ProgrammeRevision,
    Subscription,
    TierGroup,
)
from memberships.services.points_adjustments import offer_adjustment
from memberships.services.subscriptions import join
from operations.models import ApprovalLimit, Notice, OutboxMessage, User
from tests.memberships.admin_pages import a_superuser, signed_in
from tests.memberships.case_stories import a_note
from tests.memberships.factories import TODAY, a_card, a_firm, an_annual_card, jd_plus, jd_plus_enterprise
from tests.memberships.night_stories import at_night
from tests.memberships.points_stories import a_wallet, earn, spend
from tests.memberships.tier_stories import a_ladder

pytestmark = pytest.mark.django_db
#: Questions of each list beyond session and user. More of them is a finding, fewer a reason to lower it.
BASELINES = {
    "member": 4,
    "enterprisecustomer": 6,
    "membercontact": 2,
    # Eight of them are the figures beside the quick filters, which are kept for some seconds.
    "subscription": 14,
    "term": 2,
    "payment": 6,
    "paymentmethod": 2,
    # The programmes to choose from among them.
    "enrolment": 4,
    "pointsentry": 2,
    "pointsliability": 3,
    "profitrow": 2,
    # The figure of those to be decided among them.
    "creditrequest": 3,
    "programme": 2,
    "plan": 2,
    "tier": 2,
    "tiergroup": 2,
    # The tiers to choose from among them.
    "tierstanding": 3,
    "tierchange": 2,
    "programmerevision": 1,
    "order": 2,
    "adjustmentreason": 2,
    # Figures of what is to be followed up among them.
    "casenote": 5,
    "casenotekind": 2,
    "accountclosure": 1,
    "membermerge": 1,
    # Figures of its boxes among them.
    "operations/approval": 6,
    "operations/approvallimit": 2,
    "operations/notice": 3,
}


@pytest.fixture
def plans() -> tuple[Plan, Plan]:
    return an_annual_card(jd_plus()), an_annual_card(jd_plus_enterprise())


def more_rows(plans: tuple[Plan, Plan], number: int) -> None:
    for _number in range(number):
        card = a_card(plans[0])
        earn(a_wallet(card.member, card.programme), 10)
        firm = a_firm(province="北京", industry="贸易")
        a_declined_payment(a_card(plans[1], "tok_soft", member=firm))
        PointsLiability.objects.create(
            programme=card.programme, on=TODAY + timedelta(days=PointsLiability.objects.count()), outstanding=10,
            pending=0, unit_cost=0, expected_breakage=0, amount=0, measured_at=at_night(TODAY),
        )
        CreditRequest.objects.create(member=firm, limit=1000, requested_on=TODAY)
    more_of_programmes(plans[0].programme, number)


def more_of_programmes(programme: Programme, number: int) -> None:
    """Wallets with tiers and orders, requests that wait, notices, files, limits, reasons."""
    asked = {"on": TODAY, "at": at_night(TODAY), "actor": User.objects.get(username="root"), "reason": "a complaint"}
    for _number in range(number):
        wallet = a_wallet(programme=programme)
        place = wallet.pk
        award = Order.objects.create(
            member=wallet.member, enrolment=wallet, number=f"JD{place}", amount=100, ordered_on=TODAY,
            recorded_at=at_night(TODAY),
        )
        Order.objects.create(
            member=wallet.member, enrolment=wallet, number=f"RT{place}", amount=100, ordered_on=TODAY,
            recorded_at=at_night(TODAY), returns=award,
        )
        offer_adjustment(wallet, 200_000, reason_code="goodwill", key="gift", **asked)
        ProgrammeRevision.objects.create(
            code=programme.code, programme=programme, number=place, source="", document={}, document_hash="",
            effective_on=TODAY, made_by=asked["actor"], made_at=at_night(TODAY),
        )
        message = OutboxMessage.objects.create(
            topic="notice", key=f"notice:{place}", payload={}, created_at=at_night(TODAY),
            next_attempt_at=at_night(TODAY),
        )
        Notice.objects.create(
            kind="card_renews_7", owner=wallet.member_id, channel="email", key=f"card:{place}", facts={},
            message=message, on=TODAY, at=at_night(TODAY),
        )
        group = Group.objects.create(name=f"group {place}")
        ApprovalLimit.objects.create(action="adjust_points", group=group, amount=place)
        a_note(wallet.member, asked["actor"])
        CaseNoteKind.objects.create(code=f"kind-{place}", name="类型", name_en="Kind")
        AccountClosure.objects.create(
            member=wallet.member, on=TODAY, at=at_night(TODAY), actor=asked["actor"], reason="a wish", marks="[]"
        )
        MemberMerge.objects.create(
            former=wallet.member, survivor=Member.objects.earliest("pk"), on=TODAY, at=at_night(TODAY),
            actor=asked["actor"], reason="one",
        )
        AdjustmentReason.objects.create(code=f"reason-{place}", name="原因", name_en="Reason")
        TierGroup.objects.create(programme=programme, code=f"ladder-{place}", name="等级", name_en="Levels")


def a_declined_payment(card: Subscription, *, number: int = 2) -> Payment:
    """The payment of a further term, declined, with its events."""
    assert card.payment_method is not None
    payment = Payment.objects.create(
        member=card.member, subscription=card, programme=card.programme, plan=card.plan, method=card.payment_method,
        key=f"renewal:{number}", purpose="renewal", amount=99, term_number=number, starts_on=TODAY,
        ends_on=TODAY + timedelta(days=number), state="declined", decline="soft", code="insufficient_funds",
        requested_on=TODAY, requested_at=at_night(TODAY),
    )
    for kind in ("requested", "declined"):
        PaymentEvent.objects.create(
            member=card.member, payment=payment, kind=kind, attempt=1, on=TODAY, at=at_night(TODAY)
        )
    return payment


def questions(desk: Client, model: str, page: str = "") -> int:
    # The kinds of records, which a process reads once, are read each time.
    ContentType.objects.clear_cache()
    cache.clear()
    with CaptureQueriesContext(connection) as queries:
        address = model if "/" in model else f"memberships/{model}"
        query = "?box=all" if model.endswith("approval") else ""
        assert desk.get(f"/admin/{address}/{page}{query}").status_code == 200
    return sum("django_session" not in q["sql"] and "operations_user" not in q["sql"] for q in queries)


def test_lists_ask_the_same_for_three_rows_and_for_thirty(plans: tuple[Plan, Plan]) -> None:
    desk = signed_in(a_superuser())
    a_ladder(programme=plans[0].programme)
    more_rows(plans, 3)
    few = {model: questions(desk, model) for model in BASELINES}
    more_rows(plans, 12)
    assert {model: questions(desk, model) for model in BASELINES} == few == BASELINES


def test_a_members_page_asks_the_same_however_much_happened(plans: tuple[Plan, Plan]) -> None:
    desk = signed_in(a_superuser())
    firm = a_firm()
    join(firm, plans[1], on=TODAY, actor=None)

    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert desk.get(f"/admin/memberships/enterprisecustomer/{firm.pk}/change/").status_code == 200
        return len(queries)

    before = asked()
    for number in range(5):
        firm.customer.city = f"city {number}"
        firm.customer.save()
    assert asked() <= before + 1  # the state before is one question more for a table with changes


def test_a_cards_page_asks_the_same_for_one_payment_and_for_many(plans: tuple[Plan, Plan]) -> None:
    desk = signed_in(a_superuser())
    card = a_card(plans[0])
    a_declined_payment(card)
    few = questions(desk, "subscription", f"{card.pk}/change/")
    for number in range(3, 9):
        a_declined_payment(card, number=number)
    assert questions(desk, "subscription", f"{card.pk}/change/") == few <= 12


def test_a_wallets_page_asks_the_same_for_one_entry_and_for_many(plans: tuple[Plan, Plan]) -> None:
    desk = signed_in(a_superuser())
    card = a_card(plans[0])
    wallet = a_wallet(card.member, card.programme)
    earn(wallet, 10, expires_on=TODAY + timedelta(days=30))
    spend(wallet, 5)
    few = questions(desk, "enrolment", f"{wallet.pk}/change/")
    for _number in range(5):
        earn(wallet, 10, expires_on=TODAY + timedelta(days=30))
        spend(wallet, 5)
    assert questions(desk, "enrolment", f"{wallet.pk}/change/") == few <= 12

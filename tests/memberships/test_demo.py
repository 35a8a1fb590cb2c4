"""The demo: made once, valid, plausible, and never in production."""

import re
from collections import Counter
from datetime import date, timedelta
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.password_validation import validate_password
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.db.models import Q
from stdnum.cn import uscc

from memberships import demo
from memberships.demo.orders import RETURNS
from memberships.demo.points import SPENDS
from memberships.models import (
    CreditRequest,
    EnterpriseCustomer,
    Member,
    MemberContact,
    Plan,
    Subscription,
    Term,
    Tier,
)
from memberships.services.subscriptions import with_status
from operations import roles
from operations.models import User
from tests.memberships.factories import TODAY

pytestmark = pytest.mark.django_db

COUNTED = [Term, Subscription, CreditRequest, MemberContact, EnterpriseCustomer, Member, Plan, Tier, User]


def count_all() -> dict[str, int]:
    return {model.__name__: model._default_manager.count() for model in COUNTED}


def told(*arguments: str, **options: Any) -> str:
    """What `manage.py load_demo` prints."""
    printed = StringIO()
    call_command("load_demo", *arguments, stdout=printed, **options)
    return printed.getvalue()


@pytest.fixture
def loaded(django_assert_max_num_queries: Any) -> demo.Loaded:
    """Loaded in a fixed number of statements, however many the members."""
    # But for the spends of points and the returns, which are made one by one, by the services.
    with django_assert_max_num_queries(600 + SPENDS * 12 + RETURNS * 25):
        return demo.load_demo(on=TODAY)


@pytest.fixture
def users() -> None:
    """Only those who log in."""
    demo.make_users()


def test_demo_has_people_firms_and_cards_in_every_state(loaded: demo.Loaded) -> None:
    connection.check_constraints()
    assert (loaded.people, loaded.firms) == (2_000, 500)
    assert Member.objects.filter(kind="person").count() == 2_000
    assert EnterpriseCustomer.objects.count() == Member.objects.filter(kind="enterprise").count() == 500
    assert MemberContact.objects.count() == Subscription.objects.count() == 2_500
    for code in ("jd-plus", "jd-plus-enterprise"):
        cards = with_status(Subscription.objects.filter(programme__code=code), on=TODAY)
        states = Counter(cards.values_list("status", flat=True))
        # Refunds are made by hand, through a gateway.
        assert set(states) == set(Subscription.Status.values) - {Subscription.Status.REFUNDED}
        assert states.most_common(1)[0][0] == Subscription.Status.ACTIVE
        assert cards.filter(status="active", cancelled_on__isnull=False).exists()


def test_demo_facts_agree_with_one_another(loaded: demo.Loaded) -> None:
    assert not Subscription.objects.filter(requested_on__gt=TODAY).exists()
    assert not Subscription.objects.filter(cancelled_on__gt=TODAY).exists()
    assert not Subscription.objects.filter(started_on=None, terms__isnull=False).exists()
    begun = Subscription.objects.exclude(started_on=None)
    for subscription in begun.prefetch_related("terms").select_related("plan"):
        terms = sorted(subscription.terms.all(), key=lambda term: term.number)
        assert terms[0].starts_on == subscription.started_on
        assert terms[0].starts_on >= subscription.plan.on_sale_from
        grace = timedelta(days=subscription.plan.grace_days)
        if subscription.lapsed_on:
            assert subscription.ended_on == terms[-1].ends_on + grace < TODAY
        else:
            assert subscription.ended_on in (None, terms[-1].ends_on)
            assert subscription.ended_on or terms[-1].ends_on + grace >= TODAY


def test_demo_firms_are_plausible(loaded: demo.Loaded) -> None:
    customers = EnterpriseCustomer.objects.all()
    assert all(uscc.is_valid(customer.credit_code) for customer in customers)
    assert all(customer.legal_name.endswith("有限公司") for customer in customers)
    assert not customers.filter(Q(province="") | Q(city="") | Q(industry="") | Q(size="")).exists()
    assert customers.filter(flags__contains=["specialised"]).exists()
    assert customers.filter(flags__contains=["fortune500"]).exists()
    within_the_caps = CreditRequest.objects.filter(limit__lte=2_000_000, term_days__lte=61)
    assert within_the_caps.count() == CreditRequest.objects.count() > 50
    mobiles = MemberContact.objects.values_list("mobile", flat=True)
    assert all(re.fullmatch(r"1[3-9]\d{9}", mobile) for mobile in mobiles)


def test_demo_cards_are_those_the_programme_describes(loaded: demo.Loaded) -> None:
    cards = Plan.objects.filter(programme__code="jd-plus-enterprise").order_by("price")
    assert [(card.code, card.name, str(card.price), card.term_months) for card in cards] == [
        ("classic", "经典卡", "99.00", 12),
        ("premium", "尊享卡", "299.00", 12),
    ]
    assert {(str(card.credit_limit_cap), card.credit_term_days_cap) for card in cards} == {("2000000.00", 61)}
    stars = Tier.objects.filter(group__programme__code="jd-store-stars").values_list("threshold", flat=True)
    assert list(stars) == [0, 35_000, 100_000, 200_000, 600_000]


def test_loading_again_changes_nothing(loaded: demo.Loaded) -> None:
    before = count_all()
    User.objects.filter(username="operator").update(password="changed by the operator")
    assert demo.load_demo(on=TODAY + timedelta(days=1)) == demo.Loaded()
    assert count_all() == before
    assert User.objects.get(username="operator").password == "changed by the operator"


@pytest.mark.parametrize("on", [date(2028, 2, 29), date(2027, 3, 1), date(2026, 12, 31)])
def test_demo_can_be_made_on_any_day(on: date) -> None:
    demo.load_demo(on=on)
    connection.check_constraints()
    active = with_status(Subscription.objects.all(), on=on).filter(status="active")
    assert 1_500 < active.count() < 2_200


def test_demo_is_the_same_whenever_it_is_made_for_a_day() -> None:
    def facts_of_a_loading() -> list[Any]:
        with transaction.atomic():
            demo.load_demo(on=TODAY)
            firms = EnterpriseCustomer.objects.order_by("member").values_list("legal_name", "credit_code")
            cards = Subscription.objects.order_by("member").values_list("requested_on", "cancelled_on")
            facts = [*firms, *cards]
            transaction.set_rollback(True)
        return facts

    assert facts_of_a_loading() == facts_of_a_loading()


def test_operator_may_view_import_and_operate_but_not_manage_users(users: None) -> None:
    operator = User.objects.get(username="operator")
    granted = operator.get_all_permissions()
    changing = {name for name in granted if not name.split(".")[1].startswith("view_")}
    assert changing == roles.rights_of(roles.OPERATOR)
    assert "memberships.refund_payment" in changing
    assert {"memberships.view_membercontact", "operations.view_importbatch"} <= granted
    assert operator.is_staff
    assert not operator.is_superuser


def test_auditor_views_and_changes_nothing(users: None) -> None:
    granted = User.objects.get(username="auditor").get_all_permissions()
    assert {"memberships.view_subscription", "operations.view_jobrun", "operations.view_reveal"} <= granted
    others = {name for name in granted if not name.split(".")[1].startswith("view_")}
    assert others == {"memberships.export_enterprisecustomer"}


def test_admin_may_everything(users: None) -> None:
    assert User.objects.get(username="admin").is_superuser


@pytest.mark.parametrize("login", demo.LOGINS, ids=lambda login: login.username)
def test_demo_passwords_pass_the_house_s_rules(login: demo.Login) -> None:
    validate_password(login.password, User(username=login.username))


def test_command_says_what_it_made_and_then_that_it_is_there() -> None:
    assert "2000" in told()
    assert "2000" not in told()


def test_logins_are_a_small_table_and_nothing_else(users: None) -> None:
    lines = told("--logins").splitlines()
    assert len(lines) == 8
    shown = [line.split()[:2] for line in lines[1:]]
    assert shown == [[login.username, login.password] for login in demo.LOGINS]


def test_logins_leave_out_a_password_that_was_changed(users: None) -> None:
    admin = User.objects.get(username="admin")
    admin.set_password("only-the-admin-knows")
    admin.save()
    assert "admin" not in told("--logins").replace("plusdesk-demo", "")


def test_logins_of_a_demo_that_is_not_loaded_are_an_error() -> None:
    with pytest.raises(CommandError):
        told("--logins")
    assert not User.objects.exists()


@pytest.mark.parametrize("arguments", [[], ["--logins"]])
def test_production_refuses_the_demo(settings: Any, arguments: list[str]) -> None:
    settings.IS_PRODUCTION = True
    with pytest.raises(CommandError):
        told(*arguments)
    assert not User.objects.exists()

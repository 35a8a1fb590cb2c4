"""The demo's facts: people, firms and cards in every state, which agree with one another."""

import re
from collections import Counter
from datetime import timedelta

from django.db import connection
from django.db.models import Q, Sum
from django.test import TestCase
from django.test.utils import CaptureQueriesContext
from stdnum.cn import uscc

from benefits.demo import USERS
from benefits.demo_campaigns import MEMBERS
from credit.demo import STORIES
from memberships import demo
from memberships.demo.orders import RETURNS
from memberships.demo.points import SPENDS
from memberships.models import (
    CreditRequest,
    Enrolment,
    EnterpriseCustomer,
    LotDraw,
    Member,
    MemberContact,
    PaymentMethod,
    Plan,
    PointsEntry,
    PointsLot,
    Subscription,
    Term,
    Tier,
)
from memberships.services.subscriptions import with_status
from operations.models import User
from tests.memberships.factories import TODAY

COUNTED = [Term, Subscription, CreditRequest, MemberContact, EnterpriseCustomer, Member, Plan, Tier, User]


def count_all() -> dict[str, int]:
    return {model.__name__: model._default_manager.count() for model in COUNTED}


class DemoFactsTests(TestCase):
    """The demo is loaded once for all of them, in one process."""

    loaded: demo.Loaded

    @classmethod
    def setUpTestData(cls) -> None:
        """In a fixed number of statements, however many the members."""
        with CaptureQueriesContext(connection) as queries:
            cls.loaded = demo.load_demo(on=TODAY)
        # But for the spends of points, returns, uses of benefits, what came off users' orders, those who take part in
        # campaigns, and stories of credit, which the services make one by one; and what the programmes' files describe
        # (a benefit, a rule, an offer) is written one by one, too.
        one_by_one = SPENDS * 12 + RETURNS * 25 + USERS * 56 + MEMBERS * 40 + len(STORIES) * 90
        assert len(queries) <= 1_200 + one_by_one

    def test_demo_has_people_firms_and_cards_in_every_state(self) -> None:
        connection.check_constraints()
        assert (self.loaded.people, self.loaded.firms) == (2_000, 500)
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

    def test_demo_facts_agree_with_one_another(self) -> None:
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

    def test_demo_firms_are_plausible(self) -> None:
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

    def test_demo_cards_are_those_the_programme_describes(self) -> None:
        cards = Plan.objects.filter(programme__code="jd-plus-enterprise").order_by("price")
        assert [(card.code, card.name, str(card.price), card.term_months) for card in cards] == [
            ("classic", "经典卡", "99.00", 12),
            ("premium", "尊享卡", "299.00", 12),
        ]
        assert {(str(card.credit_limit_cap), card.credit_term_days_cap) for card in cards} == {("2000000.00", 61)}
        stars = Tier.objects.filter(group__programme__code="jd-store-stars").values_list("threshold", flat=True)
        assert list(stars) == [0, 35_000, 100_000, 200_000, 600_000]

    def test_loading_again_changes_nothing(self) -> None:
        before = count_all()
        User.objects.filter(username="operator").update(password="changed by the operator")
        assert demo.load_demo(on=TODAY + timedelta(days=1)) == demo.Loaded()
        assert count_all() == before
        assert User.objects.get(username="operator").password == "changed by the operator"

    def test_wallets_have_earned_spent_and_expired(self) -> None:
        assert (self.loaded.payments, self.loaded.nights) == (0, 0)
        kinds = {"earn", "accrue", "spend", "expire", "reverse", "adjust", "reinstate"}
        assert set(PointsEntry.objects.values_list("kind", flat=True)) == kinds
        assert LotDraw.objects.exists()
        week = PointsLot.objects.expiring(first=TODAY, last=TODAY + timedelta(days=7))
        assert week.count() > 20
        of_wallets = PointsEntry.objects.filter(Q(debit="liability") | Q(credit="liability"))
        total = of_wallets.aggregate(points=Sum("points"))["points"]
        assert total == Enrolment.objects.aggregate(balance=Sum("balance"))["balance"] > 0
        assert not PaymentMethod.objects.exists()

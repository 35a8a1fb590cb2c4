"""The standing cast: small functions that make what a story needs, with plain defaults."""

from datetime import date
from decimal import Decimal
from itertools import count
from typing import Any

from django.db.models import Model
from pghistory.models import Events

from memberships.dates import term_bounds
from memberships.demo import credit_code
from memberships.models import (
    EnterpriseCustomer,
    Member,
    MemberContact,
    PaymentMethod,
    Plan,
    Programme,
    Subscription,
    Term,
)
from memberships.models.programmes import Audience
from memberships.services.members import join_as_person
from memberships.services.payment_methods import add_payment_method, choose_payment_method
from memberships.services.subscriptions import join
from operations.models import User

#: The day most stories begin; plans have been on sale since long before.
TODAY = date(2027, 1, 15)
ON_SALE_FROM = date(2020, 1, 1)

_numbers = count(1)


def an_operator(username: str = "xiaomei") -> User:
    """Xiaomei works at the desk."""
    return User.objects.create_user(username, password="a-long-enough-password", is_staff=True)


def a_person(*, on: date = TODAY) -> Member:
    """Li Lei, who joins."""
    return join_as_person(name="李雷", mobile="13812345678", email="lilei@example.com", on=on, actor=None)


def a_firm(*, on: date = TODAY, **facts: Any) -> Member:
    """A trading firm in Beijing with a buyer; each call makes another."""
    number = next(_numbers)
    member = Member.objects.create(kind=Audience.ENTERPRISE, joined_on=on)
    MemberContact.objects.create(
        member=member, name="韩梅梅", mobile="13987654321", email="buyer@example.com"
    )
    defaults = {"legal_name": f"北京恒远商贸{number}有限公司", "credit_code": credit_code("110105", number)}
    EnterpriseCustomer.objects.create(member=member, **{**defaults, **facts})
    return member


def jd_plus(**facts: Any) -> Programme:
    """The programme for persons."""
    defaults = {"code": "jd-plus", "name": "京东PLUS会员", "name_en": "JD PLUS", "audience": Audience.PERSON}
    return Programme.objects.create(**{**defaults, **facts})


def jd_plus_enterprise() -> Programme:
    """The programme for firms."""
    return jd_plus(
        code="jd-plus-enterprise",
        name="京东PLUS企业版",
        name_en="JD PLUS Enterprise",
        audience=Audience.ENTERPRISE,
    )


def a_monthly_card(programme: Programme | None = None, **facts: Any) -> Plan:
    """A card for a month with ten days of grace, renewed the day before its end; of JD PLUS unless said otherwise."""
    defaults = {
        "code": "monthly", "name": "月卡", "name_en": "Monthly card", "price": Decimal("15.00"), "term_months": 1,
        "grace_days": 10,
    }
    return an_annual_card(programme, **{**defaults, **facts})


def an_annual_card(programme: Programme | None = None, **facts: Any) -> Plan:
    """A card for a year, on sale without an end; of JD PLUS unless said otherwise."""
    defaults = {
        "code": "annual", "name": "年卡", "name_en": "Annual card",
        "price": Decimal("99.00"), "term_months": 12, "on_sale_from": ON_SALE_FROM,
    }
    return Plan.objects.create(programme=programme or jd_plus(), **{**defaults, **facts})


def a_method(member: Member, token: str = "tok_ok", *, on: date = TODAY) -> PaymentMethod:
    """An agreement with the sandbox gateway; the token says what becomes of charges. Each call makes another."""
    return add_payment_method(
        member, gateway="sandbox", token=f"{token}_{next(_numbers)}", label="招商银行 6225", on=on, actor=None
    )


def a_card(plan: Plan, token: str = "tok_ok", *, on: date = TODAY, member: Member | None = None) -> Subscription:
    """A member who joined on that day and whose card is renewed by that agreement."""
    member = member or a_person(on=on)
    return choose_payment_method(join(member, plan, on=on, actor=None), a_method(member, token, on=on), actor=None)


def renew(subscription: Subscription, *, times: int = 1) -> list[Term]:
    """Further terms, counted from the day the subscription started."""
    assert subscription.started_on is not None
    paid = subscription.terms.count()
    plan = subscription.plan
    spans = [
        (number, *term_bounds(subscription.started_on, plan.term_months, number))
        for number in range(paid + 1, paid + times + 1)
    ]
    return [
        Term.objects.create(
            member=subscription.member, subscription=subscription, programme=subscription.programme,
            plan=plan, number=number,
            starts_on=starts_on, ends_on=ends_on,
        )
        for number, starts_on, ends_on in spans
    ]


def last_event(fact: Model) -> Any:
    """The youngest entry of the audit trail about that row."""
    return Events.objects.tracks(fact).order_by("pgh_id").last()  # type: ignore[no-untyped-call]

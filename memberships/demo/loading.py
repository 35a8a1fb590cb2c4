"""Loading the demo, once: what is there is left alone."""

import random
from datetime import date, timedelta
from typing import NamedTuple

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from memberships.demo.cards import Days
from memberships.demo.gateway import open_gateway
from memberships.demo.members import MARK, make_firms, make_people
from memberships.demo.nights import live_through
from memberships.demo.orders import make_orders
from memberships.demo.payments import make_payments
from memberships.demo.points import award_lately, make_wallets
from memberships.demo.programmes import make_jd_plus, make_jd_plus_enterprise, make_other_programmes
from memberships.demo.sizes import FULL, DemoSize
from memberships.demo.users import make_users
from memberships.gateways.sandbox.control import SandboxControl
from memberships.models import EnterpriseCustomer, Plan
from memberships.services.profit import roll_up
from operations import registry
from operations.audit import because
from operations.models import JobRun
from operations.services.rollups import keep

SEED = 20270115


class Loaded(NamedTuple):
    """What this loading made; nothing when the demo was there."""

    people: int = 0
    firms: int = 0
    payments: int = 0
    nights: int = 0


def load_demo(*, on: date, size: DemoSize = FULL) -> Loaded:
    """Make what is missing of the demo, with dates around `on`; may be called again at any time.

    Without a sandbox gateway to talk to there are no payment methods, no payments and no nights.
    """
    with transaction.atomic(), because(str(_("demo data"))):
        make_users()
        plans = make_jd_plus(on=on), make_jd_plus_enterprise(on=on)
        make_other_programmes(on=on)
        is_there = EnterpriseCustomer.objects.filter(external_id__startswith=MARK).exists()
    if is_there:
        return Loaded()
    gateway = open_gateway()
    days = Days(today=on, first_night=on - timedelta(days=size.nights) if gateway else on)
    with transaction.atomic(), because(str(_("demo data"))):
        payments = _make_members(*plans, days, size, gateway)
        for part in registry.demo_parts:
            part.prepare(days)
    _count_rows()
    nights = live_through(days, gateway) if gateway else 0
    with transaction.atomic(), because(str(_("demo data"))):
        award_lately(days)
    for part in registry.demo_parts:
        part.act(days)
    if gateway:
        registry.jobs.get("sweep_outbox").tick(at=timezone.now())
    _measure_again()
    return Loaded(size.people, size.firms, payments, nights)


def _count_rows() -> None:
    """Members and all that they have were written at once: until they are counted, what reads them plans for a few."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _measure_again() -> None:
    """What was done by day after the last of the nights is in the figures, too."""
    run = JobRun.objects.filter(job="roll_up_profit").order_by("-business_date").first()
    if run is not None:
        roll_up(run, until=run.business_date - timedelta(days=1))
        for measured in registry.roll_ups:
            keep(measured.name, on=run.business_date, at=timezone.now())


def _make_members(
    person_plans: list[Plan], firm_plans: list[Plan], days: Days, size: DemoSize,
    gateway: SandboxControl | None,
) -> int:
    """People and firms with all that they have; how many payments they made."""
    dice = random.Random(SEED)  # nosec B311
    has_methods = gateway is not None
    people = make_people(dice, person_plans, days, count=size.people, has_methods=has_methods)
    firms = make_firms(dice, firm_plans, days, count=size.firms, has_methods=has_methods)
    make_wallets(dice, people, days)
    make_orders(random.Random(SEED), days)  # nosec B311
    return make_payments(dice, [*people, *firms], gateway) if gateway else 0

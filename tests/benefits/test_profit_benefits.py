"""What benefits cost a programme is what its members' value statements list, by month and funder."""

from datetime import date
from decimal import Decimal

import pytest
from django.db.models import Sum

from benefits.models import ValueStatement
from benefits.services.value_runs import keep_statements
from memberships.models import ProfitRow
from memberships.services.ranges import EVERYTHING
from tests.benefits.benefit_stories import a_benefit, a_wallet_of, of_all, of_card, plus, with_card
from tests.benefits.redemption_stories import take_back, use
from tests.benefits.value_stories import took_off
from tests.memberships.factories import TODAY
from tests.memberships.points_stories import by_policy, earn
from tests.memberships.profit_stories import line, reckon

pytestmark = pytest.mark.django_db
FEBRUARY, MARCH = date(2027, 2, 10), date(2027, 3, 1)


def test_lines_of_all_statements_come_to_the_programmes_profit_and_loss() -> None:
    member, other = with_card(on=TODAY).member, with_card(on=TODAY).member
    programme = by_policy(plus(), unit_cost=Decimal("0.01"))
    doctor = a_benefit("doctor", face_value=Decimal(60), unit_cost=Decimal(25), funder="partner")
    of_card(doctor, 12, "term", member_price=Decimal(10))
    cleaning = a_benefit("cleaning", kind="points_exchange", face_value=Decimal(90), unit_cost=Decimal(40))
    of_all(cleaning, points_price=300)
    wash = a_benefit("wash")
    of_card(wash)
    discount = a_benefit("discount", kind="stacking_discount", terms={"percent": "95"}, funder="brand")
    of_card(discount)
    earn(a_wallet_of(member), 1_000)
    use(member, doctor, on=TODAY, quantity=2)
    take_back(use(other, doctor, on=TODAY), on=FEBRUARY)
    use(member, cleaning, on=FEBRUARY)
    use(other, wash, on=FEBRUARY)
    took_off(other, "A1", {discount: "12.50"}, on=FEBRUARY)
    reckon(until=MARCH)
    assert line("benefit_cost", programme, funder="partner") == {"2027-01": "75.00", "2027-02": "-25.00"}
    assert line("benefit_cost", programme) == {"2027-02": "40.00"}
    assert line("benefit_cost", programme, funder="brand") == {"2027-02": "12.50"}
    assert line("benefit_paid", programme) == {"2027-01": "30.00", "2027-02": "-10.00"}
    assert line("points_exchanged", programme) == {"2027-02": "3.00"}, "of points that cost 10 when they were issued"
    assert line("delivered_value", programme) == {"2027-02": "90.00"}
    unknown = ProfitRow.objects.get(line="benefit_cost", funder="platform")
    assert unknown.unknown == 1, "nobody has said what a wash costs"
    # Exactly, and by the statements that were kept, too.
    keep_statements(programme, EVERYTHING, on=MARCH)
    kept = ValueStatement.objects.filter(programme=programme).aggregate(Sum("cost"), Sum("paid"), Sum("saved"))
    rows = dict(
        ProfitRow.objects.filter(programme=programme).values_list("line").annotate(Sum("amount")).order_by()
    )
    assert (rows["benefit_cost"], rows["benefit_paid"], rows["delivered_value"]) == (
        kept["cost__sum"], kept["paid__sum"], kept["saved__sum"],
    )

"""benefits_rights, compared with plain Python over members that hypothesis makes up."""

from datetime import date
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benefits.services import statements
from benefits.services.rights import Right, rights_of
from tests.benefits import rights_model as model
from tests.benefits.rights_worlds import House, choose_some, days_of, worlds

pytestmark = pytest.mark.django_db
many = settings(
    max_examples=30, deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)


class Undone(Exception):  # noqa: N818
    """Takes back what an example wrote."""


@pytest.fixture
def house(db: None) -> House:
    return House()


def told(right: Right, codes: dict[int, str]) -> model.Line:
    """As the model says it."""
    return {
        "benefit": codes[right.benefit_id], "rule": right.rule_code, "category": right.category,
        "source": right.source, "source_id": right.source_id, "since": right.since, "in_grace": right.is_in_grace,
        "store": right.store_id, "quota": right.quota, "used": right.used, "left": right.left,
        "first": right.window_from, "after": right.window_after, "is_automatic": right.is_automatic,
        "is_chosen": right.is_chosen, "is_default": right.is_default, "combine": right.combine,
        "price": right.points_price, "place": right.place,
    }


def in_order(lines: list[model.Line]) -> list[model.Line]:
    return sorted(lines, key=lambda line: (str(line["rule"]), str(line["source"]), int(str(line["source_id"]))))


def compare(house: House, world: model.World, day: date, category: str | None) -> None:
    codes = {benefit.pk: code for code, benefit in house.benefits.items()}
    found = rights_of(house.member.pk, on=day, category=category)
    assert in_order([told(right, codes) for right in found]) == in_order(model.rights(world, day, category)), day
    for benefit in house.benefits.values():
        alone = rights_of(house.member.pk, on=day, benefit_id=benefit.pk, category=category)
        assert sorted(alone) == sorted(right for right in found if right.benefit_id == benefit.pk), (day, benefit)


def compare_given(house: House, world: model.World, day: date) -> None:
    """What is given by itself is what the rights say of automatic rules."""
    wanted = statements.rows("grants/wanted", first=house.member.pk, last=house.member.pk, on=day)
    entitled = [
        (right.benefit_id, right.rule_id, right.source, right.source_id, right.store_id, right.is_in_grace)
        for right in rights_of(house.member.pk, on=day) if right.is_automatic and right.place is not None
    ]
    assert sorted(wanted, key=str) == sorted(entitled, key=str), day


@many
@given(data=st.data())
def test_rights_are_those_of_the_plain_model(house: House, data: Any) -> None:
    world = data.draw(worlds())
    with pytest.raises(Undone), transaction.atomic():
        house.write(world)
        choose_some(world, data.draw)
        house.write_choices(world)
        for day in data.draw(st.lists(days_of(world), min_size=3, max_size=6, unique=True)):
            compare(house, world, day, None)
            compare(house, world, day, data.draw(st.sampled_from(["", "dental", "shoes"])))
            compare_given(house, world, day)
        raise Undone

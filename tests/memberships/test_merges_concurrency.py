"""Merges beside spends, and two merges across each other: members and wallets are locked, so that they take turns."""

import pytest

from memberships.models import Enrolment, MemberMerge
from memberships.services.merges import MergeBlockedError, merge_records
from operations.models import User
from tests.memberships.factories import TODAY, a_person, an_operator
from tests.memberships.merge_stories import differences
from tests.memberships.points_stories import a_wallet, at_once, earn, morning, spend

pytestmark = pytest.mark.django_db(transaction=True)


def test_points_are_spent_where_they_are_and_two_merges_across_each_other_leave_one() -> None:
    xiaomei: User = an_operator()
    one, other = a_person(), a_person()
    wallets = [a_wallet(one), a_wallet(other)]
    for wallet in wallets:
        earn(wallet, 100)

    def merge(former: object, survivor: object) -> MemberMerge:
        return merge_records(
            former, survivor, choices={}, reason="同一人", on=TODAY, at=morning(TODAY),  # type: ignore[arg-type]
            actor=xiaomei, checker=None,
        )

    results = at_once(
        lambda: merge(one, other), lambda: merge(other, one), lambda: spend(wallets[0], 60),
        lambda: spend(wallets[1], 60),
    )
    assert [type(result) for result in results[:2]].count(MergeBlockedError) == 1
    in_force = MemberMerge.objects.get()
    spent = sum(not isinstance(result, Exception) for result in results[2:])
    balances = dict(Enrolment.objects.values_list("member", "balance"))
    # Who spent from the record that ended, came before the merge or was refused.
    assert balances == {in_force.former_id: 0, in_force.survivor_id: 200 - 60 * spent} and spent >= 1
    assert differences() == []

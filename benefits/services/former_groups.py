"""What choice groups were before they changed, so that what was had on a past day can be told (sql/rights/group_on)."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

from benefits.models import ChoiceGroup, FormerChoiceGroup


@contextmanager
def keeping(group: ChoiceGroup, *, on: date) -> Iterator[None]:
    """Change the group and its options within this, in one transaction: what they were holds until that day.

    Nothing is written for a group that is new, or that stays as it is; of several changes of a day the first one
    counts, since what came between never was in force.
    """
    before = _facts(group) if group.pk is not None else None
    yield
    if before is None or not before["options"] or before == _facts(group):
        return
    FormerChoiceGroup.objects.get_or_create(group=group, until=on, defaults=before)


def _facts(group: ChoiceGroup) -> dict[str, Any]:
    facts = ChoiceGroup.objects.values("picks", "window", "basis", "deadline_days", "cost_cap").get(pk=group.pk)
    options = [
        {**option, "cost": str(option["cost"])}
        for option in group.options.order_by("rank").values("benefit", "rank", "is_default", "cost")
    ]
    return {**facts, "options": options}

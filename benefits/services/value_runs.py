"""Value statements of a whole programme, kept by a job a range of members at a time (sql/values/keep.sql)."""

from datetime import date

from django.db import transaction

from benefits.models import Benefit
from benefits.services import statements
from memberships.models import Programme
from memberships.services.ranges import KeyRange


@transaction.atomic
def keep_statements(programme: Programme, keys: KeyRange, *, on: date) -> int:
    """Keep what members of a range saved by a day, term by term; how many statements were written. May be repeated."""
    return statements.run("values/keep", programme=programme.pk, day=on, **keys._asdict())


def programmes_with_benefits() -> list[Programme]:
    """Those of which there is something to tell."""
    return list(Programme.objects.filter(pk__in=Benefit.objects.values("programme")).order_by("pk"))

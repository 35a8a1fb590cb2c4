"""Numbers that we give invoices and credit notes: IN, LF, RC and CN, the month, and what it is of.

IN and CN end in the key of their row, which a sequence of the database gives out: no two have the same, whoever works
at once. They have gaps, as of what was refused after its key was taken: they name, and do not count. The official
invoice (发票) has a number of its own, which the tax office counts.
"""

from itertools import count

from django.db import connection, models

from credit.models import CreditNote, Invoice


def next_id(model: type[models.Model]) -> int:
    """The key of a row that is yet to be inserted, since its number names it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence(%s, 'id'))", [model._meta.db_table])
        return int(cursor.fetchone()[0])


def free_number(number: str, model: type[Invoice] | type[CreditNote] = Invoice) -> str:
    """It, or with -2, -3 and so on, where somebody took it before such numbers were ours alone."""
    numbers = (number if place == 1 else f"{number}-{place}" for place in count(1))
    return next(each for each in numbers if not model._default_manager.filter(number=each).exists())

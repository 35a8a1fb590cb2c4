"""The holiday calendar: days that are not what their weekday says (models/policies.py), as due days need them.

Those of 2025 and 2026 (calendars/cn.csv) are those of the State Council: 国务院办公厅关于2025年部分节假日安排的通知
(12 November 2024) and 国务院办公厅关于2026年部分节假日安排的通知 (4 November 2025). Later years are entered at
the desk.
"""

from datetime import date, timedelta

from credit.models import Holiday
from credit.terms.rules import Due, Holidays, Rule, due_on

#: No due day is further from its invoice, and no row of days off is longer, than this.
FARTHEST, LONGEST_REST = timedelta(days=31 + 365), timedelta(days=31)


def holidays_between(first: date, last: date) -> Holidays:
    """What the calendar says of these days, both included."""
    return dict(Holiday.objects.filter(on__range=(first, last)).values_list("on", "is_workday"))


def due_of(rule: Rule, invoiced_on: date) -> Due:
    """The due day of an invoice by a rule and the calendar; of many at once the SQL function credit_due tells."""
    holidays = holidays_between(invoiced_on - LONGEST_REST, invoiced_on + FARTHEST + LONGEST_REST)
    return due_on(rule, invoiced_on, holidays)

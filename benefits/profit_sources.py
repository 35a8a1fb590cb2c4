"""What this floor adds to a programme's profit and loss: what benefits cost, and what members had of them."""

from datetime import timedelta

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from benefits.services import statements
from memberships.profit import ProfitLine, ProfitSource, Side


def _value_statements(programme_id: int) -> str:
    return f"{reverse('admin:benefits_valuestatement_changelist')}?programme__id__exact={programme_id}"


class Benefits(ProfitSource):
    name = "benefits"
    label = _("benefits")
    statement = "profit/benefits"
    changes = "profit/benefits_changes"
    sql = statements
    # What a night that was late ended, and what a partner says after the day.
    settles_after = timedelta(days=31)
    lines = (
        ProfitLine(
            "benefit_paid", _("Paid by members for benefits"), Side.INCOME,
            _("What members paid for what they used: member prices, less what came back."), _value_statements,
        ),
        ProfitLine(
            "points_exchanged", _("Cost of points spent on benefits"), Side.INCOME,
            _("It was counted when the points were issued. What they were spent on counts with a cost of its own, and"
              " would else count twice."),
            _value_statements,
        ),
        ProfitLine(
            "benefit_cost", _("Benefits"), Side.COST,
            _("What each use, coupon, gift, month of a subscription and saving on an order cost its funder: the lines"
              " of all value statements."),
            _value_statements,
        ),
        ProfitLine(
            "delivered_value", _("Saved by members"), Side.MEMO,
            _("What the same would have cost without the membership, less what members paid: the savings of all value"
              " statements."),
            _value_statements,
        ),
    )


PROFIT_SOURCES = (Benefits,)

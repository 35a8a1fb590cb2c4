"""What this floor adds to a programme's profit and loss: late fees, and what was written off."""

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from credit.services import statements
from memberships.profit import ProfitLine, ProfitSource, Side


def _entries(programme_id: int) -> str:
    return reverse("admin:credit_creditentry_changelist")


class Credit(ProfitSource):
    name = "credit"
    label = _("Credit")
    statement = "profit/credit"
    changes = "profit/credit_changes"
    sql = statements
    lines = (
        ProfitLine(
            "late_fees", _("Late fees"), Side.INCOME, _("Late fees that were charged, less credit notes on them."),
            _entries,
        ),
        ProfitLine(
            "write_offs", _("Written off"), Side.COST,
            _("What was written off of invoices, less what was taken back of it. The cost of the money that is lent is"
              " not known here."),
            _entries,
        ),
    )


PROFIT_SOURCES = (Credit,)

"""What this floor adds to a programme's profit and loss: fees, and what points cost."""

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from memberships.profit import ProfitLine, ProfitSource, Side


def _payments(programme_id: int) -> str:
    return reverse("admin:memberships_payment_changelist")


def _cards(programme_id: int) -> str:
    return reverse("admin:memberships_subscription_changelist")


class Fees(ProfitSource):
    name = "fees"
    label = _("fees")
    statement = "profit/fees"
    changes = "profit/fees_changes"
    lines = (
        ProfitLine(
            "fees_earned", _("Fees earned"), Side.INCOME,
            _("What was paid for cards, less refunds, spread over the days that were paid for, from the day of the"
              " payment on. What was kept of a card that a refund ended is earned on that day."),
            _payments,
        ),
        ProfitLine(
            "fees_listed", _("Fees of cards brought by a list"), Side.INCOME,
            _("Their plan's price, spread over the days of the term in the same way: no payment here is behind them."),
            _cards,
        ),
        ProfitLine(
            "deferred_revenue", _("Deferred revenue"), Side.BALANCE,
            _("What was paid for cards, less refunds, and is not earned by the end of the month."), _payments,
        ),
    )


def _liabilities(programme_id: int) -> str:
    return f"{reverse('admin:memberships_pointsliability_changelist')}?programme__id__exact={programme_id}"


class Points(ProfitSource):
    name = "points"
    label = _("points")
    statement = "profit/points"
    changes = "profit/points_changes"
    lines = (
        ProfitLine(
            "points_issued", _("Points issued"), Side.COST,
            _("Points given, less those taken back, at what a point cost by the programme's file on that day. Awards"
              " whose return window is open are among them."),
            _liabilities,
        ),
        ProfitLine(
            "points_breakage", _("Points expired (breakage)"), Side.INCOME,
            _("Points that expired, less those given again, at their cost: it was counted when they were issued, and"
              " will never come."),
            _liabilities,
        ),
        ProfitLine(
            "points_redeemed", _("Points spent"), Side.MEMO,
            _("Points spent, less those that came back, at their cost, which was counted when they were issued."),
            _liabilities,
        ),
    )


PROFIT_SOURCES = (Fees, Points)

"""Uses of benefits against all that they took: counts, stock, budget, points, what is held (models/redemptions.py)."""

from django.utils.translation import gettext_lazy as _

from benefits.models import BenefitStock, Budget, BudgetEntry, Grant, Redemption, Usage
from benefits.models.benefits import HELD_KINDS
from benefits.services import statements
from memberships.books.tables import TableCheck
from operations.services.books import Period


class BenefitsCheck(TableCheck):
    """For each of its `faults` a statement of that name in this floor's sql/books/."""

    sql = statements


class Usages(BenefitsCheck):
    """What each member's quotas count."""

    name = "usages"
    label = _("usages of benefits")
    model = Usage
    faults = {"uses_of_redemptions": _("the uses are not those of the redemptions that were not returned")}


class Stocks(BenefitsCheck):
    """Units that were taken, over all members."""

    name = "stocks"
    label = _("stocks of benefits")
    model = BenefitStock
    #: All of them at once: one pass over the redemptions.
    step = 1_000_000
    faults = {"taken_of_redemptions": _("what is taken is not what the redemptions that were not returned took")}


class Budgets(BenefitsCheck):
    """What was spent and reserved, over all entries; what brands committed; what their campaigns have of it."""

    name = "budgets"
    label = _("budgets")
    model = Budget
    #: All of them at once: one pass over the entries.
    step = 1_000_000
    faults = {
        "spent_of_entries": _("what is spent is not the sum of the entries"),
        "amount_of_commitments": _("what the brand committed is not the sum of the entries"),
        "reserved_of_entries": _("what is reserved is not the sum of the entries"),
        "reserved_of_parts": _("what is reserved is not what the campaigns have"),
    }


class BudgetEntries(BenefitsCheck):
    """Each draw and what came back of it, against the use it was for."""

    name = "budget_entries"
    label = _("budget entries")
    model = BudgetEntry
    step = 50_000
    faults = {
        "draw_of_redemption": _("the amount is not the cost of the use that it is for"),
        "draw_not_returned": _("the use was taken back, and its cost did not come back, or the other way round"),
    }
    values = dict(Redemption.State.choices)


class Redemptions(BenefitsCheck):
    """Each use, against the points ledger and what is held of it."""

    name = "redemptions"
    label = _("uses of benefits")
    model = Redemption
    step = 50_000
    faults = {
        "usage_of_redemption": _("nothing counts the use"),
        "points_of_redemption": _("the points are not those that the ledger took for the use"),
        "points_not_returned": _("the use was taken back, and its points did not come back"),
        "grant_of_redemption": _("what the member holds is not what the use gave"),
    }

    values = dict(Grant.State.choices)

    def parameters(self, period: Period) -> dict[str, object]:
        return {"held_kinds": [kind.value for kind in HELD_KINDS]}

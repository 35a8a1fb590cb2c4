"""What memberships and the floors above have to do, by the quick filters of their lists."""

from datetime import timedelta

from django.core.cache import cache
from django.db.models import Model
from django.http import HttpRequest
from django.utils.translation import gettext as _

from memberships.admin.case_notes import FollowUpFilter
from memberships.admin.display import today
from memberships.admin.payment_filters import StateFilter
from memberships.admin.quick_filters import KEPT_SECONDS, MOST, Counted, QuickFilter, count_choice, count_up_to
from memberships.admin.subscription_filters import StandingFilter
from memberships.models import CaseNote, Enrolment, Payment, PointsLot, Subscription
from operations.admin.dashboard import ToDo, WorkList, list_url, may_view
from operations.roles import CREDIT_CONTROLLER, OPERATOR, Role

#: Points that expire so soon are shown.
EXPIRING_DAYS = 30


class QuickWorkList(WorkList):
    """The figures of a list's quick filters, each leading to what it counts."""

    def __init__(self, name: str, model: type[Model], quick: type[QuickFilter], *first_for: Role) -> None:
        self.name, self.model, self.quick, self.first_for = name, model, quick, first_for

    def may_see(self, request: HttpRequest) -> bool:
        return may_view(request, self.model)

    def to_do(self, request: HttpRequest) -> list[ToDo]:
        of = str(self.model._meta.verbose_name_plural)
        return [
            ToDo(
                of, choice.label, str(count_choice(self.model, choice, on=today())),
                list_url(self.model, f"?{self.quick.parameter_name}={choice.name}"),
            )
            for choice in self.quick.offered
        ]


class ExpiringLots(WorkList):
    """The lots that expire in the next days, counted as far as a list's figures are."""

    name = "expiring_lots"

    def may_see(self, request: HttpRequest) -> bool:
        return may_view(request, Enrolment)

    def to_do(self, request: HttpRequest) -> list[ToDo]:
        first, last = today() + timedelta(days=1), today() + timedelta(days=EXPIRING_DAYS)
        lots = PointsLot.objects.expiring(first=first, last=last).values("pk")
        count = cache.get_or_set(f"expiring-lots:{first}", lambda: tuple(count_up_to(lots, MOST)), KEPT_SECONDS) or (0,)
        label = _("Expire within %(days)s days") % {"days": EXPIRING_DAYS}
        return [ToDo(_("lots of points"), label, str(Counted(*count)), list_url(Enrolment))]


WORK_LISTS: tuple[WorkList, ...] = (
    QuickWorkList("subscriptions", Subscription, StandingFilter, OPERATOR),
    QuickWorkList("payments", Payment, StateFilter, OPERATOR),
    QuickWorkList("case_notes", CaseNote, FollowUpFilter, OPERATOR, CREDIT_CONTROLLER),
    ExpiringLots(),
)

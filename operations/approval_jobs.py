"""The job that closes requests which nobody decided in time."""

from datetime import datetime, timedelta

from django.utils.translation import gettext_lazy as _

from operations.services.approvals import expire_overdue
from operations.services.job_kinds import Job


class ExpireApprovals(Job):
    """Ticks only. A request that is over cannot be approved any more, whether or not a tick has come by."""

    name = "expire_approvals"
    label = _("close expired requests")
    every = timedelta(minutes=1)

    def tick(self, *, at: datetime) -> None:
        expire_overdue(at)

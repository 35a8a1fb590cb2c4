"""What the approval actions of credit share: rows keep who asked, who approved, and by which request."""

from django.utils.functional import Promise

from operations.approvals import ApprovalAction
from operations.audit import said
from operations.models import Approval, User


class CreditAction(ApprovalAction):
    """Something that moves a limit or money of a line."""

    unit: str | Promise = "CNY"

    @staticmethod
    def approval_of(checker: User | None) -> Approval | None:
        """The request that is being executed, for the row that keeps it; None where nobody had to approve.

        `operations.services.approvals` says which it is to the audit trail, and so to whoever asks.
        """
        return None if checker is None else Approval.objects.get(pk=said("approval"))

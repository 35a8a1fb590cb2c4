"""What firms are told of what is overdue: each step further, and that they may draw again."""

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from credit.models import OverdueChange
from memberships.models import Member
from memberships.notices import MemberNotice
from operations.notices import Facts

SAMPLE: Facts = {
    "programme": "京东PLUS企业版", "programme_en": "JD PLUS Enterprise", "overdue_amount": "12800.00",
    "since_on": "2027-03-01", "day_on": "2027-03-16",
}


class OverdueNotice(MemberNotice):
    """Of a change of a line's overdue state (sql/notices/overdue.sql)."""

    model = OverdueChange
    after = ("age_invoices",)
    sample = SAMPLE

    def __init__(self, step: str, label: str | Promise) -> None:
        super().__init__()
        self.name = self.template = f"overdue_{step}"
        self.function = f"credit_notice_overdue_{step}"
        self.label = label

    def page_of(self, key: int) -> tuple[str, str]:
        """The member's number and page."""
        member = OverdueChange.objects.values_list("member", flat=True).get(pk=key)
        return Member(pk=member).number, reverse("admin:memberships_member_change", args=[member])


def notice_kinds() -> list[OverdueNotice]:
    """All kinds of this floor."""
    return [
        OverdueNotice("reminder", _("overdue: reminder")), OverdueNotice("warning", _("overdue: warning")),
        OverdueNotice("hold", _("overdue: draws are stopped")),
        OverdueNotice("collection", _("overdue: given to collection")),
        OverdueNotice("released", _("no longer overdue so far: draws are possible again")),
    ]

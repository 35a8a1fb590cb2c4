"""What firms are told: what is due and overdue, each step further, and what becomes of their lines."""

from typing import Any

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from credit.models import CreditLine, LineVersion, OverdueChange
from memberships.models import Member
from memberships.notices import WITH_SMS, MemberNotice
from operations.notices import Facts

NAMES = {"programme": "京东PLUS企业版", "programme_en": "JD PLUS Enterprise"}
SAMPLE: Facts = {**NAMES, "overdue_amount": "12800.00", "since_on": "2027-03-01", "day_on": "2027-03-16"}


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
        if step != "reminder":
            self.channels = WITH_SMS
        # Of consequence by the contract: a firm hears of it, whatever it wants to hear.
        self.is_required = step in ("hold", "collection")

    def page_of(self, key: int) -> tuple[str, str]:
        """The member's number and page."""
        member = OverdueChange.objects.values_list("member", flat=True).get(pk=key)
        return Member(pk=member).number, reverse("admin:memberships_member_change", args=[member])


class LineNotice(MemberNotice):
    """Of a line, or of what stands on it (sql/notices/lines.sql)."""

    model: type[Any] = CreditLine
    after = ("age_invoices",)

    def __init__(
        self, name: str, label: str | Promise, sample: Facts, *, days: int = 0, with_sms: bool = False
    ) -> None:
        self.name = self.template = name
        self.function, self.label, self.sample = f"credit_notice_{name}", label, {**NAMES, **sample}
        self.is_required = name == "line_suspended"
        super().__init__(days=days, channels=WITH_SMS if with_sms else ())

    def page_of(self, key: int) -> tuple[str, str]:
        """The member's number, and the line's page."""
        line = CreditLine.objects.filter(pk=key).first()
        number = Member(pk=line.member_id).number if line else str(key)
        return number, reverse("admin:credit_creditline_change", args=[key])


class LimitNotice(LineNotice):
    """Of a version of a line."""

    model = LineVersion

    def page_of(self, key: int) -> tuple[str, str]:
        """The member's number, and the line's page."""
        version = LineVersion.objects.filter(pk=key).first()
        return super().page_of(version.line_id if version else 0)


def notice_kinds() -> list[MemberNotice]:
    """All kinds of this floor."""
    due = {"invoices": 3, "due_amount": "12800.00", "due_on": "2027-02-28"}
    limit = {"limit_amount": "80000.00", "before_amount": "50000.00", "starts_on": "2027-02-01"}
    return [
        LineNotice(
            "invoices_issued", _("invoices issued"),
            {"invoices": 3, "issued_amount": "12800.00", "day_on": "2027-01-29", "due_on": "2027-02-28"},
        ),
        LineNotice("invoices_due", _("invoices will be due"), due, days=7),
        LineNotice("invoices_due", _("invoices will be due"), due, days=1, with_sms=True),
        LineNotice(
            "statement_ready", _("statement ready"),
            {"first_on": "2027-01-01", "last_on": "2027-01-31", "open_amount": "12800.00"},
        ),
        LimitNotice("limit_changed", _("credit limit changed"), limit),
        LineNotice("line_suspended", _("credit line suspended"), {"since_on": "2027-02-01"}, with_sms=True),
        LineNotice("line_resumed", _("credit line no longer suspended"), {"since_on": "2027-02-01"}, with_sms=True),
        OverdueNotice("reminder", _("overdue: reminder")), OverdueNotice("warning", _("overdue: warning")),
        OverdueNotice("hold", _("overdue: draws are stopped")),
        OverdueNotice("collection", _("overdue: given to collection")),
        OverdueNotice("released", _("no longer overdue so far: draws are possible again")),
    ]

"""Case notes of the demo: calls and complaints of the last days, some to be followed up, one with a letter."""

from datetime import datetime, time, timedelta

from memberships.case_files import TEXT, CaseFile
from memberships.demo.cards import Days
from memberships.demo.parts import DemoPart
from memberships.demo.users import CONTROLLER, OPERATOR
from memberships.models import CaseNoteKind, Member
from memberships.models.programmes import Audience
from memberships.services.case_notes import write_note
from operations.dates import BUSINESS_ZONE
from operations.models import User

#: Kind, text, days ago, and in how many days it is to be followed up (None: not at all).
OF_PERSONS = (
    ("complaint", "来电投诉配送延误两天，已致歉并登记，等仓库回复。", 2, 0),
    ("enquiry", "咨询续费优惠，已说明年卡规则。", 5, None),
    ("complaint", "反映积分未到账，核对订单后确认待入账，已解释。", 1, 3),
    ("other", "希望改用晚间联系，请工作日 19 点后致电。", 9, None),
)
OF_FIRMS = (
    ("visit", "电话回访：采购部门对账周期为每月 5 日，希望提前一天收到对账单。", 3, 7),
    ("credit", "申请临时提额，已告知需提供近三个月的采购合同。", 1, 1),
)
LETTER = CaseFile("投诉说明.txt", "订单两次改约，均未按时送达，要求补偿运费。\n".encode(), TEXT[0])


class CaseNotes(DemoPart):
    """A note each on the first members of either kind."""

    name = "case_notes"

    def act(self, days: Days) -> None:
        kinds = {kind.code: kind for kind in CaseNoteKind.objects.all()}
        for audience, login, stories in (
            (Audience.PERSON, OPERATOR, OF_PERSONS), (Audience.ENTERPRISE, CONTROLLER, OF_FIRMS),
        ):
            actor = User.objects.get(username=login.username)
            members = Member.objects.filter(kind=audience, closed_on=None).order_by("pk")[: len(stories)]
            for number, (member, (kind, text, ago, ahead)) in enumerate(zip(members, stories, strict=False)):
                day = days.today - timedelta(days=ago)
                write_note(
                    member, kind=kinds[kind], text=text, files=[] if number else [LETTER], is_pinned=kind == "other",
                    follow_up_on=None if ahead is None else days.today + timedelta(days=ahead), key="demo", on=day,
                    at=datetime.combine(day, time(14, 20), BUSINESS_ZONE), actor=actor,
                )

"""A pair of the demo that was merged: somebody whose card had ended joined again, with the same mobile."""

from datetime import datetime, time

from memberships.demo.cards import Days
from memberships.demo.parts import DemoPart
from memberships.demo.users import APPROVER, OPERATOR
from memberships.models import Member, MemberContact
from memberships.models.programmes import Audience
from memberships.services.merges import conflicts_of, merge_records
from operations.audit import because
from operations.dates import BUSINESS_ZONE
from operations.models import User

#: Persons whose card ended that are looked at for one whom nothing bars.
LOOKED_AT = 40


class MergedRecords(DemoPart):
    """The first person without a card whom nothing bars ends in the first one with a card."""

    name = "merged_records"

    def act(self, days: Days) -> None:
        people = Member.objects.filter(kind=Audience.PERSON, closed_on=None, contacts__is_primary=True).order_by("pk")
        survivor = people.filter(subscriptions__ended_on=None, subscriptions__paid_until__gte=days.today).first()
        former = next((
            each for each in people.exclude(subscriptions__ended_on=None)[:LOOKED_AT]
            if survivor and not any(found.is_bar for found in conflicts_of(each, survivor, on=days.today))
        ), None)
        if survivor is None or former is None:
            return
        operator, approver = (User.objects.get(username=login.username) for login in (OPERATOR, APPROVER))
        known = MemberContact.objects.get(member=survivor, is_primary=True)
        with because("同一人再次注册", actor=operator):
            MemberContact.objects.filter(member=former, is_primary=True).update(name=known.name, mobile=known.mobile)
        merge_records(
            former, survivor, choices={"email": "former"}, reason="同一手机号，经回访确认为同一人", on=days.today,
            at=datetime.combine(days.today, time(10, 5), BUSINESS_ZONE), actor=operator, checker=approver,
        )

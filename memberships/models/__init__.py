"""Facts and constraints of memberships.

Programme -> Plan (versions) and TierGroup -> Tier describe what is offered. A Member is a person or a firm;
what identifies a person stands in MemberContact alone, so that it can be erased while every fact stays.
A Subscription is a member's bond to a programme, its Terms are the paid spans of it: no overlap, no gap.
A Payment is what a term costs, on its way through a gateway. Points stand in an Enrolment's lots (see points.py).
"""

from memberships.models.contacts import MemberContact
from memberships.models.credit_requests import CreditRequest
from memberships.models.customers import EnterpriseCustomer
from memberships.models.members import Member
from memberships.models.payment_methods import PaymentMethod
from memberships.models.payments import Payment, PaymentEvent, Refund
from memberships.models.points import Enrolment, LotDraw, PointsEntry, PointsLot
from memberships.models.programmes import Plan, Programme, Tier, TierGroup
from memberships.models.staging import StagedEnterpriseCustomer
from memberships.models.subscriptions import Subscription, Term

__all__ = [
    "CreditRequest",
    "Enrolment",
    "EnterpriseCustomer",
    "LotDraw",
    "Member",
    "MemberContact",
    "Payment",
    "PaymentEvent",
    "PaymentMethod",
    "Plan",
    "PointsEntry",
    "PointsLot",
    "Programme",
    "Refund",
    "StagedEnterpriseCustomer",
    "Subscription",
    "Term",
    "Tier",
    "TierGroup",
]

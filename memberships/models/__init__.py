"""Facts and constraints of memberships.

Programme -> Plan (versions) and TierGroup -> Tier describe what is offered. A Member is a person or a firm;
what identifies a person stands in MemberContact alone, so that it can be erased while every fact stays.
A Subscription is a member's bond to a programme, its Terms are the paid spans of it: no overlap, no gap.
A Payment is what a term costs, on its way through a gateway. Points stand in an Enrolment's lots (see points.py).
"""

from memberships.models.adjustments import AdjustmentReason
from memberships.models.case_notes import CaseAttachment, CaseNote, CaseNoteKind
from memberships.models.closures import AccountClosure
from memberships.models.contacts import MemberContact
from memberships.models.credit_requests import CreditRequest
from memberships.models.customers import EnterpriseCustomer
from memberships.models.enrolments import Enrolment
from memberships.models.liabilities import PointsLiability
from memberships.models.members import Member
from memberships.models.merged_cards import MergedCard
from memberships.models.merges import MemberMerge, MergeMove
from memberships.models.orders import Order
from memberships.models.payment_methods import PaymentMethod
from memberships.models.payments import Payment, PaymentEvent, Refund
from memberships.models.points import LotDraw, LotExtension, PointsEntry, PointsLot
from memberships.models.points_rules import EarnPromotion, EarnRule, PointsPolicy
from memberships.models.profit import Funder, ProfitKept, ProfitRow, ProfitSum
from memberships.models.programmes import Plan, Programme, Tier, TierGroup
from memberships.models.references import MemberReference
from memberships.models.revisions import ProgrammeRevision
from memberships.models.staging import StagedAdjustment, StagedEnterpriseCustomer, StagedOrder, StagedPerson
from memberships.models.subscriptions import Subscription, Term
from memberships.models.tiers import TierChange, TierStanding
from memberships.models.what_ifs import WhatIf

__all__ = [
    "AccountClosure",
    "AdjustmentReason",
    "CaseAttachment",
    "CaseNote",
    "CaseNoteKind",
    "CreditRequest",
    "EarnPromotion",
    "EarnRule",
    "Enrolment",
    "EnterpriseCustomer",
    "Funder",
    "LotDraw",
    "LotExtension",
    "Member",
    "MemberContact",
    "MemberMerge",
    "MemberReference",
    "MergeMove",
    "MergedCard",
    "Order",
    "Payment",
    "PaymentEvent",
    "PaymentMethod",
    "Plan",
    "PointsEntry",
    "PointsLiability",
    "PointsLot",
    "PointsPolicy",
    "ProfitKept",
    "ProfitRow",
    "ProfitSum",
    "Programme",
    "ProgrammeRevision",
    "Refund",
    "StagedAdjustment",
    "StagedEnterpriseCustomer",
    "StagedOrder",
    "StagedPerson",
    "Subscription",
    "Term",
    "Tier",
    "TierChange",
    "TierGroup",
    "TierStanding",
    "WhatIf",
]

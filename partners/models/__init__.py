"""Facts and constraints of partners.

A Partner has Offers (what it fulfils of a benefit). A grant of such a benefit has a Fulfilment, which reaches what is
wanted by Commands: through an API, a daily file, by hand, or by a VoucherCode. An InboundEvent is what a partner tells.
A PartnerStatement is compared line by line, a Settlement says what is owed. StatusMatches stand for tiers.
"""

from partners.models.dead_letters import DeadLetter
from partners.models.events import InboundEvent, RefusedCalls
from partners.models.files import DailyFile, DailyFileLine
from partners.models.fulfilments import Command, Fulfilment, FulfilmentEvent
from partners.models.partners import Breaker, Offer, Partner, PartnerContact, PartnerKey
from partners.models.statements import (
    PartnerStatement,
    Settlement,
    SettlementAdjustment,
    SettlementLine,
    StatementLine,
)
from partners.models.status_matches import RegistrationGift, StatusMatch, StatusMatchRule
from partners.models.usages import ReportedUsage
from partners.models.vouchers import CodeStock, StagedVoucherCode, VoucherCode

__all__ = [
    "Breaker",
    "CodeStock",
    "Command",
    "DailyFile",
    "DailyFileLine",
    "DeadLetter",
    "Fulfilment",
    "FulfilmentEvent",
    "InboundEvent",
    "Offer",
    "Partner",
    "PartnerContact",
    "PartnerKey",
    "PartnerStatement",
    "RefusedCalls",
    "RegistrationGift",
    "ReportedUsage",
    "Settlement",
    "SettlementAdjustment",
    "SettlementLine",
    "StagedVoucherCode",
    "StatementLine",
    "StatusMatch",
    "StatusMatchRule",
    "VoucherCode",
]

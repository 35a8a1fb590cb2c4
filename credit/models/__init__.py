"""Facts and constraints of credit.

CreditLine is the row to lock; LineVersion and TemporaryIncrease say its limit on a day. An Authorisation holds an
amount of it, an Invoice owes one, a CreditNote lowers that; a Receipt pays. Each movement is a CreditEntry.
CreditPolicy is what a programme's file says about all of it; OverdueChange and OverduePause, what an overdue line goes
through.
"""

from credit.models.draws import Authorisation, CreditNote, Invoice
from credit.models.dunning import BalanceConfirmation, OverdueChange, OverduePause
from credit.models.entries import Account, CreditEntry
from credit.models.lines import (
    BlockingExclusion,
    CreditDecision,
    CreditLine,
    LineVersion,
    OverdueState,
    TemporaryIncrease,
)
from credit.models.official_invoices import OfficialInvoiceStep
from credit.models.policies import CreditPolicy, Holiday
from credit.models.receipts import Receipt, ReceiptStep
from credit.models.staging import StagedInvoice, StagedLimit, StagedReceipt

__all__ = [
    "Account",
    "Authorisation",
    "BalanceConfirmation",
    "BlockingExclusion",
    "CreditDecision",
    "CreditEntry",
    "CreditLine",
    "CreditNote",
    "CreditPolicy",
    "Holiday",
    "Invoice",
    "LineVersion",
    "OfficialInvoiceStep",
    "OverdueChange",
    "OverduePause",
    "OverdueState",
    "Receipt",
    "ReceiptStep",
    "StagedInvoice",
    "StagedLimit",
    "StagedReceipt",
    "TemporaryIncrease",
]

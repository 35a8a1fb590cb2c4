"""The admin pages of credit, one file per noun."""

from credit.admin import (
    authorisations,
    confirmations,
    exceptions,
    invoices,
    ledger,
    lines,
    policies,
    receipts,
    requests,
)

__all__ = [
    "authorisations", "confirmations", "exceptions", "invoices", "ledger", "lines", "policies", "receipts", "requests",
]

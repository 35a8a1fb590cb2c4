"""The credit ledger against all that rests on it: lines, invoices, receipts, authorisations (models/lines.py says what
must hold), for each of them, for each customer and for each programme."""

from django.utils.translation import gettext_lazy as _

from credit.models import Account, Authorisation, CreditEntry, CreditLine, Invoice, Receipt
from credit.services import statements
from memberships.books.tables import TableCheck
from memberships.models import Programme
from operations.models import Approval


class CreditCheck(TableCheck):
    """For each of its `faults` a statement of that name in this floor's sql/books/."""

    sql = statements


class Lines(CreditCheck):
    """Each line against its entries, and against what it consists of."""

    name = "credit_lines"
    label = _("credit lines")
    model = CreditLine
    faults = {
        "open_of_entries": _("what is open is not the sum of the entries"),
        "authorised_of_entries": _("what is authorised is not the sum of the entries"),
        "unapplied_of_entries": _("the unapplied credit is not the sum of the entries"),
        "open_of_invoices": _("what is open is not what is outstanding of the invoices"),
        "authorised_of_authorisations": _("what is authorised is not what the authorisations hold"),
        "unapplied_of_receipts": _("the unapplied credit is not what is unapplied of the receipts"),
    }


class Customers(CreditCheck):
    """All lines of a customer against all that is booked in the customer's name."""

    name = "credit_customers"
    label = _("customers with credit")
    model = CreditLine
    step = 200_000
    faults = {
        "open_of_customer": _("what the customer's lines have open is not what is outstanding in the customer's name"),
        "unapplied_of_customer": _("the lines' unapplied credit is not that of the customer's receipts"),
        "authorised_of_customer": _("what the lines hold is not what is authorised in the customer's name"),
    }


class Invoices(CreditCheck):
    """Each invoice against its entries and credit notes."""

    name = "credit_invoices"
    label = _("invoices")
    model = Invoice
    step = 50_000
    faults = {
        "invoice_of_entry": _("the invoice is not booked once, at its amount"),
        "paid_of_entries": _("what is paid is not the sum of the allocations"),
        "credited_of_entries": _("what is credited is not the sum of the entries"),
        "credited_of_notes": _("what is credited is not the sum of the credit notes"),
        "written_off_of_entries": _("what is written off is not the sum of the entries"),
    }


class Receipts(CreditCheck):
    """Each receipt: what came in is allocated, paid back, bounced or unapplied."""

    name = "credit_receipts"
    label = _("receipts")
    model = Receipt
    step = 50_000
    faults = {
        "receipt_of_entries": _("what the entries received is not the receipt, where it is matched, or not nothing"),
        "allocated_of_entries": _("what is allocated is not the sum of the allocations"),
        "refunded_of_entries": _("what was paid back is not the sum of the entries"),
    }


class Authorisations(CreditCheck):
    """Each authorisation against its entries and invoices."""

    name = "credit_authorisations"
    label = _("authorisations")
    model = Authorisation
    step = 50_000
    faults = {
        "held_of_entries": _("what the entries hold is not what the authorisation does"),
        "captured_of_invoices": _("what was captured is not the sum of its invoices"),
    }


class Entries(CreditCheck):
    """Each entry against what it names."""

    name = "credit_entries"
    label = _("credit entries")
    model = CreditEntry
    step = 50_000
    faults = {
        "entry_of_line": _("the entry is of another line or member than what it names"),
        "credit_accounts": _("debit and credit are not those of such an entry"),
        "entry_of_reversal": _("the entry does not reverse what it names"),
        "entry_over_reversed": _("more of the entry was reversed than there is"),
    }
    values = dict(Account.choices) | dict(CreditEntry.Kind.choices)


class Signatures(CreditCheck):
    """What took two people, against the requests by which it was approved; and limits that no card gives.

    Whether something took two people is not asked again: how much whom was allowed alone is another today.
    """

    name = "credit_signatures"
    label = _("signatures of credit")
    model = CreditLine
    faults = {
        "signed_of_line": _("what it names as its approval is of other people, or was not carried out"),
        "approved_of_record": _("what it names as its approval was asked for something else"),
        "version_over_cap": _("the limit is more than any card of the member gives"),
        "increase_over_cap": _("with the increase the line comes to more than any card of the member gives"),
    }
    values = dict(Approval.State.choices)


class Totals(CreditCheck):
    """Each programme in total: the accounts against the lines."""

    name = "credit_totals"
    label = _("credit of programmes")
    model = Programme
    #: All of them at once: one pass over the entries.
    step = 1_000_000
    faults = {
        "receivable_of_programme": _("what the lines have open is not what was invoiced less what reduced it"),
        "cash_of_programme": _("what came in is not what was allocated, paid back, bounced, or is unapplied"),
        "authorised_of_programme": _("what the lines hold is not what was authorised less what was released"),
    }


CHECKS = (Lines, Customers, Invoices, Receipts, Authorisations, Entries, Signatures, Totals)

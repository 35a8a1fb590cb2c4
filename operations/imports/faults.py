"""What can be wrong with a file or a row: codes (listed in the README) and what they say to an operator."""

from dataclasses import asdict, dataclass
from typing import Any, Self

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

FILE_FAULTS: dict[str, str | Promise] = {
    "unreadable_file": gettext_lazy("The file “%(value)s” cannot be opened: %(expected)s."),
    "empty_file": gettext_lazy("The file is empty."),
    "too_large": gettext_lazy("The file has %(value)s bytes; %(expected)s are accepted at most."),
    "file_gone": gettext_lazy("The stored file is not there any more. Upload it again."),
    "file_altered": gettext_lazy("The stored file is not the one that was uploaded. Upload it again."),
    "check_stopped": gettext_lazy("The check was stopped before its end. Upload the file again."),
    "bad_workbook": gettext_lazy(
        "The workbook is damaged, or not whole (%(expected)s). Open it, and save it as XLSX again, or as “CSV UTF-8”."
    ),
    "named_otherwise": gettext_lazy(
        "The name ends in “%(value)s”, but what is in the file is %(expected)s. Save it as XLSX or as “CSV UTF-8” "
        "again, with the ending that the program gives it."
    ),
    "old_workbook": gettext_lazy(
        "The file is a workbook of an old kind (XLS), which is not read here. Open it, and save it as XLSX."
    ),
    "encrypted_workbook": gettext_lazy(
        "The workbook is encrypted. Open it, take the password off, save it, and upload it again."
    ),
    "not_a_workbook": gettext_lazy(
        "The file is an archive, but no XLSX workbook (perhaps ODS, XLSB, DOCX or ZIP). Save the list as XLSX."
    ),
    "workbook_too_large": gettext_lazy(
        "The workbook is larger than is read here: %(value)s; at most %(expected)s. Split it, or save the sheet as "
        "“CSV UTF-8”."
    ),
    "workbook_entities": gettext_lazy(
        "The workbook declares a DOCTYPE, which no spreadsheet program writes. Open it, and save it as XLSX again."
    ),
    "no_such_sheet": gettext_lazy("The workbook has no sheet “%(value)s”; it has: %(expected)s."),
    "several_sheets": gettext_lazy(
        "Several sheets of the workbook hold something: %(expected)s. Say which is to be read (in the command: "
        "--sheet)."
    ),
    "too_many_columns": gettext_lazy(
        "Line %(line)s has too many columns (%(value)s; at most %(expected)s). Take out what does not belong to the "
        "list."
    ),
    "bad_file_name": gettext_lazy(
        "“%(value)s” is no name for a file: it holds parts of a path or control characters, or is too long. Rename it."
    ),
    "utf16": gettext_lazy("The file is UTF-16 (“Unicode text”). Save it as “CSV UTF-8”."),
    "nul_bytes": gettext_lazy("The file holds NUL bytes, so it is no text file. Save it as “CSV UTF-8”."),
    "unknown_encoding": gettext_lazy("The file is neither UTF-8 nor GB18030. Save it as “CSV UTF-8”."),
    "ambiguous_encoding": gettext_lazy(
        "The file reads as UTF-8 (“%(value)s”) and as GB18030 (“%(expected)s”), and does not say which it is. Save it "
        "as “CSV UTF-8”, which does."
    ),
    "no_line_breaks": gettext_lazy(
        "%(expected)s bytes in a row hold no line break, so the file is no list. Save it as “CSV UTF-8”."
    ),
    "cell_too_large": gettext_lazy(
        "The record that begins on line %(line)s has a cell of more than %(expected)s characters."
    ),
    "row_too_large": gettext_lazy(
        "The row that begins on line %(line)s has more than %(expected)s characters. Take out what does not belong to "
        "the list."
    ),
    "unclosed_quote": gettext_lazy(
        "The quotes of the record that begins on line %(line)s do not match: a quote is not closed, or text follows it."
    ),
    "no_header": gettext_lazy("Line %(line)s names none of the known columns; expected are: %(expected)s."),
    "header_twice": gettext_lazy("The column “%(value)s” stands in the header more than once."),
    "blank_header": gettext_lazy("Column %(expected)s has no header."),
    "unknown_header": gettext_lazy("There is no column “%(value)s”; known are: %(expected)s."),
    "missing_header": gettext_lazy("The column “%(expected)s” is required, and the header lacks it."),
}
ROW_FAULTS: dict[str, str | Promise] = {
    "ragged_row": gettext_lazy("The row has %(value)s cells; the header has %(expected)s."),
    "required": gettext_lazy("A value is required here."),
    "cannot_clear": gettext_lazy("“-” would clear this field, but it is required."),
    "too_long": gettext_lazy("The text is longer than %(expected)s characters."),
    "spreadsheet_number": gettext_lazy(
        "A spreadsheet turned this code into a number (%(value)s), and digits may be lost. "
        "Format the column as text and enter the code again."
    ),
    "error_value": gettext_lazy(
        "The cell shows the error %(value)s. Mend its formula, or enter the value itself."
    ),
    "no_stored_value": gettext_lazy(
        "The formula of this cell has no stored value. Open the workbook, let it calculate, and save it."
    ),
    "merged_cells": gettext_lazy(
        "The cell is covered by the merged area %(expected)s. Take the area apart, and enter the value in each cell."
    ),
    "control_character": gettext_lazy(
        "The text holds control characters, which are shown as signs here: “%(value)s”. Enter it again."
    ),
    "bad_cell": gettext_lazy(
        "“%(value)s” is not what the cell is formatted as. Format the cell as text and enter the value again."
    ),
    "masked_value": gettext_lazy(
        "“%(value)s” is a masked value out of an export. Leave the cell blank, or the column out, "
        "to keep what is stored."
    ),
    "bad_choice": gettext_lazy("“%(value)s” is none of: %(expected)s."),
    "bad_email": gettext_lazy("“%(value)s” is no e-mail address."),
    "bad_mobile": gettext_lazy("“%(value)s” is no mainland mobile number (11 digits that begin with 13 to 19)."),
    "bad_amount": gettext_lazy("“%(value)s” is no amount in yuan with at most two decimals."),
    "bad_whole_number": gettext_lazy("“%(value)s” is no whole number."),
    "over_cap": gettext_lazy("%(value)s is above the highest allowed: %(expected)s."),
    "bad_credit_code": gettext_lazy(
        "“%(value)s” is no unified social credit code (18 characters: 8 digits, then digits and capital letters "
        "without I, O, S, V, Z)."
    ),
    "credit_code_checksum": gettext_lazy("The check character of “%(value)s” is wrong: a character was mistyped."),
    "unknown_plan": gettext_lazy("“%(value)s” is no plan on sale; on sale are: %(expected)s."),
    "conflicting_rows": gettext_lazy("Lines %(expected)s have this code too, but say something else."),
    "external_id_twice": gettext_lazy("Lines %(expected)s give the same external id to other credit codes."),
    "two_customers": gettext_lazy("The credit code belongs to one customer and the external id to another."),
    "same_customer_twice": gettext_lazy("Lines %(expected)s mean the same customer."),
    "left_out": gettext_lazy("“%(value)s” was changed since the preview, so the row was left out."),
    "member_closed": gettext_lazy("The customer was closed on %(expected)s; an import does not change it any more."),
    "member_merged": gettext_lazy("This record was merged into %(expected)s: name that number."),
    "bad_date": gettext_lazy("“%(value)s” is no day such as 2027-01-15."),
    "bad_points": gettext_lazy("“%(value)s” is no whole number of points."),
    "bad_member_number": gettext_lazy("“%(value)s” is no member number: a digit was mistyped or is missing."),
    "unknown_member": gettext_lazy("There is no member with the number %(value)s."),
    "unknown_programme": gettext_lazy("“%(value)s” is no programme; there are: %(expected)s."),
    "wrong_audience": gettext_lazy("“%(expected)s” is for another kind of member."),
    "store_required": gettext_lazy("“%(expected)s” has a wallet for each store: name the store."),
    "store_not_allowed": gettext_lazy("“%(expected)s” has one wallet for each member: leave the store blank."),
    "not_enrolled": gettext_lazy("The member has no points wallet in “%(expected)s”."),
    "not_open_to_member": gettext_lazy("“%(expected)s” is not open to this member yet."),
    "future_date": gettext_lazy("%(value)s is yet to come: today is %(expected)s."),
    "bad_voucher_code": gettext_lazy("A voucher code has 6 to 64 letters, digits or signs, without blanks."),
    "unknown_offer": gettext_lazy("“%(value)s” is no offer of voucher codes; there are: %(expected)s."),
    "code_of_another_offer": gettext_lazy("The partner's code %(value)s is in the pool of “%(expected)s” already."),
    "order_recorded_otherwise": gettext_lazy("Order “%(value)s” is recorded already, and says something else."),
    "order_key_taken": gettext_lazy("The member's points have an entry under order “%(value)s” already."),
    "unknown_order": gettext_lazy("There is no order “%(value)s”, neither recorded nor among the file's valid rows."),
    "returns_a_return": gettext_lazy("“%(value)s” is a return: name the order it returns."),
    "order_of_another_wallet": gettext_lazy("Order “%(value)s” is of another member, programme or store."),
    "returned_before": gettext_lazy("The order is of %(expected)s: nothing of it came back before."),
    "over_returned": gettext_lazy("%(value)s CNY is more than what did not come back yet: %(expected)s."),
    "bad_slug": gettext_lazy("“%(value)s” is no short name of small letters, digits and hyphens."),
    "past_date": gettext_lazy("%(value)s is over: today is %(expected)s."),
    "programme_required": gettext_lazy("An opening balance needs the programme whose points they are."),
    "member_known": gettext_lazy("“%(value)s” is a member already, and something differs: change it at the desk."),
    "unknown_reason": gettext_lazy("“%(value)s” is no reason of adjustments; there are: %(expected)s."),
    "no_points": gettext_lazy("An adjustment of no points changes nothing."),
    "points_not_there": gettext_lazy("The rows of this wallet take more points than can be spent there."),
    "return_refused": gettext_lazy("Return “%(value)s” was not recorded: %(expected)s"),
    "not_taken_back": gettext_lazy("%(expected)s points of the order were not there to be taken back."),
    "plan_in_use": gettext_lazy("The customer's card is paid for (%(expected)s); an import does not exchange it."),
    "no_credit_card": gettext_lazy("The member holds no card that gives credit."),
    "several_cards": gettext_lazy("The member holds several cards that give credit: name the programme."),
    "has_credit_line": gettext_lazy("The member has a credit line of %(expected)s CNY already: review it instead."),
    "no_credit_line": gettext_lazy("The member has no credit line."),
    "several_lines": gettext_lazy("The member has several credit lines: name the programme."),
    "line_not_raised": gettext_lazy("The credit line is lapsed or being closed: it is not raised."),
    "standing_not_reached": gettext_lazy("The firm does not reach what its card needs for credit."),
    "bad_customer": gettext_lazy("“%(value)s” is neither a unified social credit code nor a member number."),
    "unknown_customer": gettext_lazy("There is no customer “%(value)s”."),
    "invoice_known_otherwise": gettext_lazy("Invoice “%(value)s” is entered already, and says something else."),
    "our_number": gettext_lazy("“%(value)s” begins like the numbers that we give ourselves: another one is needed."),
    "nothing_invoiced": gettext_lazy("An invoice is of more than nothing."),
    "before_line": gettext_lazy("%(value)s is before the credit line began: %(expected)s."),
    "line_stopped": gettext_lazy("Nothing is drawn on the credit line of %(value)s: stopped by %(expected)s."),
    "over_order_amount": gettext_lazy("%(value)s CNY is more than one order may be: %(expected)s."),
    "over_limit": gettext_lazy("%(value)s CNY does not fit: %(expected)s CNY are left of what may be drawn."),
    "not_received": gettext_lazy("“%(value)s” is nothing that came in: a receipt is of more than nothing."),
    "receipt_known_otherwise": gettext_lazy(
        "The bank's number “%(value)s” is booked already, of another day or amount: %(expected)s."
    ),
    "receipt_of_another_payer": gettext_lazy(
        "“%(value)s” did not pay this: the bank's number is booked already, of another payer: %(expected)s."
    ),
}
MESSAGES: dict[str, str | Promise] = {**FILE_FAULTS, **ROW_FAULTS}

#: What the limit of a workbook is a number of, in words.
UNITS: dict[str, str | Promise] = {
    "bytes": gettext_lazy("%(most)s bytes unpacked"),
    "entries": gettext_lazy("%(most)s parts"),
    "rows": gettext_lazy("%(most)s rows"),
    "characters": gettext_lazy("%(most)s characters"),
    "merges": gettext_lazy("%(most)s merged areas"),
    "MB": gettext_lazy("%(most)s MB of memory"),
    "seconds": gettext_lazy("%(most)s seconds of computing"),
}


@dataclass(frozen=True)
class Fault:
    """One thing wrong: where (`column` is the file's header), what was read, which rule it breaks, what it wants."""

    line: int
    column: str
    value: str
    code: str
    expected: str = ""
    #: The staging column, where the fault is a cell's: tells whether its value is personal.
    field: str = ""

    @property
    def message(self) -> str:
        """The reason, in the language that is active now."""
        expected = self.expected
        most, _blank, unit = expected.partition(" ")
        if self.code == "workbook_too_large" and unit in UNITS:
            expected = str(UNITS[unit]) % {"most": most}
        return str(MESSAGES[self.code]) % {"line": self.line, "value": self.value, "expected": expected}

    def as_json(self) -> dict[str, Any]:
        """What is stored: no message, since that depends on the reader's language."""
        return asdict(self)

    @classmethod
    def from_json(cls, stored: dict[str, Any], *, line: int | None = None) -> Self:
        """The fault in a row's `faults`, where the line stands in the row."""
        return cls(
            line=stored.get("line") or line or 0,
            column=stored["column"],
            value=stored["value"] or "",
            code=stored["code"],
            expected=stored.get("expected") or "",
            field=stored.get("field") or "",
        )

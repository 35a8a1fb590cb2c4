"""A credit line in plain Python, to compare the real one with: lists of draws and payments in fen, no clock."""

from dataclasses import dataclass, field
from datetime import date, timedelta

DAY = timedelta(days=1)


class Refused(Exception):  # noqa: N818
    """The line does not do that."""


def refuse(is_wrong: bool) -> None:
    if is_wrong:
        raise Refused


@dataclass
class Authorisation:
    amount: int
    expires_on: date
    captured: int = 0
    state: str = "held"

    @property
    def held(self) -> int:
        return self.amount - self.captured if self.state == "held" else 0


@dataclass
class Allocation:
    """What a receipt pays of an invoice; both by their places. `left`: what was not taken back."""

    receipt: int
    invoice: int
    amount: int
    left: int


@dataclass
class Invoice:
    amount: int
    due_on: date
    paid: int = 0
    credited: int = 0
    written_off: int = 0
    is_claim: bool = False

    @property
    def outstanding(self) -> int:
        return self.amount - self.paid - self.credited - self.written_off


@dataclass
class Receipt:
    """`names`: the place of the invoice that the payer named."""

    amount: int
    names: int | None
    allocated: int = 0
    refunded: int = 0
    state: str = "matched"

    @property
    def unapplied(self) -> int:
        return self.amount - self.allocated - self.refunded if self.state == "matched" else 0


@dataclass
class Line:
    """Net `term` days; draws stop at `overdue_days`, and over `order_amount`."""

    limit: int
    term: int
    overdue_days: int
    order_amount: int
    increases: list[tuple[int, date]] = field(default_factory=list)
    authorisations: list[Authorisation] = field(default_factory=list)
    invoices: list[Invoice] = field(default_factory=list)
    receipts: list[Receipt] = field(default_factory=list)
    allocations: list[Allocation] = field(default_factory=list)
    #: Write-offs: the invoice's place, and what was not taken back.
    write_offs: list[list[int]] = field(default_factory=list)

    @property
    def open(self) -> int:
        return sum(each.outstanding for each in self.invoices)

    @property
    def authorised(self) -> int:
        return sum(each.held for each in self.authorisations)

    @property
    def unapplied(self) -> int:
        return sum(each.unapplied for each in self.receipts)

    def available(self, on: date) -> int:
        """What is held past its days counts no more."""
        increased = sum(amount for amount, ends_on in self.increases if ends_on >= on)
        return self.limit + increased - self.open - self.authorised + self.over(on)

    def over(self, on: date) -> int:
        return sum(each.held for each in self.authorisations if each.expires_on <= on)

    # --- draws

    def stops(self, amount: int, on: date) -> list[str]:
        """The codes of the rules that stop an order."""
        overdue = max((on - each.due_on for each in self.invoices if each.outstanding), default=timedelta())
        found = {
            "overdue-days": overdue >= self.overdue_days * DAY, "order-amount": amount > self.order_amount,
            "limit": amount > self.available(on),
        }
        return [code for code, is_stopping in found.items() if is_stopping]

    def authorise(self, amount: int, days: int, on: date) -> None:
        refuse(bool(self.stops(amount, on)))
        self.expire(on)
        self.authorisations.append(Authorisation(amount, on + days * DAY))

    def enter(self, amount: int, on: date) -> None:
        refuse(bool(self.stops(amount, on)))
        self.expire(on)
        self.invoices.append(Invoice(amount, on + self.term * DAY))

    def capture(self, place: int, amount: int | None, is_final: bool, on: date) -> None:
        held = self.authorisations[place]
        part = held.held if amount is None else amount
        refuse(held.state != "held" or on >= held.expires_on or part > held.held)
        held.captured += part
        if is_final or held.captured == held.amount:
            held.state = "captured"
        self.invoices.append(Invoice(part, on + self.term * DAY))

    def void(self, place: int) -> None:
        held = self.authorisations[place]
        refuse(held.state not in ("held", "voided"))
        held.state = "voided"

    def expire(self, on: date) -> None:
        for held in self.authorisations:
            if held.state == "held" and held.expires_on <= on:
                held.state = "expired"

    def credit(self, place: int, amount: int) -> None:
        """Of what was paid, the latest allocations come back first. A claim was no sale."""
        invoice = self.invoices[place]
        refuse(invoice.is_claim or amount > invoice.amount - invoice.credited - invoice.written_off)
        back = max(amount - invoice.outstanding, 0)
        invoice.credited += amount
        for paid in reversed([each for each in self.allocations if each.invoice == place]):
            part = min(paid.left, back)
            self.take_back(paid, part)
            back -= part

    # --- receipts

    def receive(self, amount: int, names: int | None) -> None:
        self.receipts.append(Receipt(amount, names))
        self.allocate_by_rule(len(self.receipts) - 1)

    def apply_unapplied(self) -> None:
        for place in range(len(self.receipts)):
            self.allocate_by_rule(place)

    def allocate_by_rule(self, place: int) -> None:
        """What was named; one of which exactly as much is open as is left; the oldest due."""
        receipt = self.receipts[place]
        payable = sorted(
            (each.due_on, number) for number, each in enumerate(self.invoices) if each.outstanding
        )
        in_order = [number for _due, number in payable]
        if receipt.names in in_order:
            self.pay(place, receipt.names, min(receipt.unapplied, self.invoices[receipt.names].outstanding))
        rest = [number for number in in_order if number != receipt.names]
        rest.sort(key=lambda number: self.invoices[number].outstanding != receipt.unapplied)
        if rest and self.invoices[rest[0]].outstanding != receipt.unapplied:
            rest = [number for number in in_order if number in rest]
        for number in rest:
            self.pay(place, number, min(receipt.unapplied, self.invoices[number].outstanding))

    def allocate(self, place: int, number: int, amount: int | None) -> None:
        """By hand."""
        receipt, invoice = self.receipts[place], self.invoices[number]
        most = min(receipt.unapplied, invoice.outstanding)
        refuse(receipt.state != "matched" or most <= 0 or (amount or 0) > most)
        self.pay(place, number, most if amount is None else amount)

    def pay(self, place: int, number: int, amount: int) -> None:
        if amount > 0:
            self.allocations.append(Allocation(place, number, amount, amount))
            self.receipts[place].allocated += amount
            self.invoices[number].paid += amount

    def take_back(self, paid: Allocation, amount: int) -> None:
        paid.left -= amount
        self.receipts[paid.receipt].allocated -= amount
        self.invoices[paid.invoice].paid -= amount

    def deallocate(self, place: int, amount: int | None) -> None:
        paid = self.allocations[place]
        part = paid.left if amount is None else amount
        refuse(part <= 0 or part > paid.left)
        self.take_back(paid, part)

    def bounce(self, place: int, on: date) -> None:
        """What was paid back of it is claimed, at once."""
        receipt = self.receipts[place]
        if receipt.state == "bounced":
            return
        if receipt.refunded:
            self.invoices.append(Invoice(receipt.refunded, on, is_claim=True))
            receipt.refunded = 0
        for paid in self.allocations:
            if paid.receipt == place:
                self.take_back(paid, paid.left)
        receipt.state = "bounced"

    def refund(self, place: int, amount: int) -> None:
        receipt = self.receipts[place]
        refuse(amount > receipt.unapplied)
        receipt.refunded += amount

    # --- what is not expected any more

    def write_off(self, place: int, amount: int) -> None:
        refuse(amount > self.invoices[place].outstanding)
        self.invoices[place].written_off += amount
        self.write_offs.append([place, amount])

    def recover(self, place: int, amount: int) -> None:
        written_off = self.write_offs[place]
        refuse(amount > written_off[1])
        written_off[1] -= amount
        self.invoices[written_off[0]].written_off -= amount

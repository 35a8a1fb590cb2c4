"""Ordering the sandbox partners about, and reading their books: for the demo, the tests and the benchmarks."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from memberships.gateways.sandbox.calls import Signer, call

Data = dict[str, Any]


class PartnersControl:
    """The control calls of one server. Blocking; CallError where it says no or nothing."""

    def __init__(self, url: str, secret: str, *, timeout: float = 60.0) -> None:
        self.url, self.timeout = url, timeout
        self._signer = Signer(secret)

    def send_events_to(self, url: str) -> None:
        """The base of where events go; empty: nowhere, they wait. It is kept."""
        self._call("PUT", "/control/events-url", {"url": url})

    def set_clock(self, at: datetime | None, *, is_stamped: bool = False) -> None:
        """The books bear the time that runs on from `at`, signatures too when stamped; None: the machine's again."""
        if at is None:
            self._call("DELETE", "/control/clock")
        else:
            self._call("PUT", "/control/clock", {"at": at.isoformat(), "is_stamped": is_stamped})

    def load(self) -> Data:
        """Orders under way `now` and at `most`; how many are `to_confirm` by themselves, and deliveries `to_send`."""
        return self._read("GET", "/control/load")

    def empty_books(self) -> None:
        """Forget everything: the five partners are there as if new."""
        self._call("DELETE", "/control/books")

    def partners(self) -> list[Data]:
        partners: list[Data] = self._call("GET", "/control/partners")["partners"]
        return partners

    def make_partner(self, code: str, *, modes: list[str], **more: Any) -> Data:
        """As if new where it is there; its keys (orders_secret, events_secret) stand in the answer and address file."""
        return self._read("POST", "/control/partners", {"code": code, "modes": modes, **more})

    def partner(self, code: str) -> "PartnerControl":
        return PartnerControl(self, code)

    def _read(self, method: str, path: str, data: Data | None = None) -> Data:
        answer: Data = self._call(method, path, data)
        return answer

    def _call(self, method: str, path: str, data: Data | None = None, query: Data | None = None) -> Any:
        return call(self.url, self._signer, method, path, data=data, query=query, timeout=self.timeout)


class PartnerControl:
    """The control calls that concern one partner. Blocking; CallError where it says no or nothing."""

    def __init__(self, control: PartnersControl, code: str) -> None:
        self.control, self.code = control, code

    def change(self, **data: Any) -> Data:
        """is_async, is_telling, confirm_after_ms (None: only when told), price, prices (by sku),
        billed (fulfilment, month), tiers."""
        return self._read("PUT", "", data)

    def change_secrets(self, **data: str) -> None:
        """Other keys from now on: orders_secret, events_secret."""
        self._call("PUT", "/secrets", data)

    def order_faults(self, **faults: Any) -> None:
        """In place of those ordered before; `faults.py` says which there are."""
        self._call("PUT", "/faults", faults)

    def clear_faults(self) -> None:
        self._call("DELETE", "/faults")

    def faults(self) -> Data:
        return self._read("GET", "/faults")

    def fulfilments(self) -> list[Data]:
        """All of them: the state, its sequence, and how often each was provisioned."""
        return list(self._pages("fulfilments"))

    def commands(self) -> list[Data]:
        """All that came, in order, with what they were answered."""
        return list(self._pages("commands"))

    def confirm(self, *orders: str) -> int:
        """Confirm these now, whatever their time; without any, all that wait. How many that was."""
        confirmed: int = self._call("POST", "/confirm", {"orders": list(orders)})["confirmed"]
        return confirmed

    def change_order(self, order: str, state: str, *, reason: str = "") -> Data:
        """The partner makes that of an order by itself, and tells us."""
        return self._read("POST", "/changes", {"order": order, "state": state, "reason": reason})

    def events(self) -> list[Data]:
        """What was or will be sent: id, type, body (JSON text), answer, deliveries (attempts, status, delivered_at)."""
        return list(self._pages("events"))

    def send_events(self) -> None:
        """All that waits is due now."""
        self._call("POST", "/events/send", {})

    def use_benefit(
        self, member: str, benefit: str, *, category: str = "", times: int = 1, quantity: int = 1, usage: str = "",
        at: datetime | None = None,
    ) -> list[str]:
        """A member uses a benefit so often; the usages, each told by an event. One that is named is told of again."""
        data = {"member": member, "benefit": benefit, "category": category, "times": times, "quantity": quantity}
        data |= {"usage": usage} if usage else {}
        used: list[str] = self._call("POST", "/usages", data | ({"at": at.isoformat()} if at else {}))["usages"]
        return used

    def order_files(self, **orders: Any) -> None:
        """What is wrong with results from now on: reject_share, seed, reject_orders, omit_orders, reason,
        result_after_ms (None: only when told)."""
        self._call("PUT", "/files", orders)

    def release_result(self, name: str) -> None:
        """The result of that file is there now."""
        self._call("POST", f"/files/{name}", {})

    def end_match(self, match: str, *, reason: str) -> Data:
        """The partner ends a status by itself, and tells us."""
        return self._read("POST", "/status/ended", {"match": match, "reason": reason})

    def present_status(self, member: str, tier: str, *, evidence: str, valid_until: date) -> None:
        """A member of ours has that tier at the partner, which asks us to match it."""
        data = {"member": member, "tier": tier, "evidence": evidence, "valid_until": valid_until.isoformat()}
        self._call("POST", "/status/presented", data)

    def register_member(self, member: str, *, on: date) -> None:
        """A member of ours is new at the partner."""
        self._call("POST", "/status/registered", {"member": member, "registered_on": on.isoformat()})

    def plant(self, month: str, **differences: Any) -> list[Data]:
        """Make that month's statement wrong; `statements.py` says how. What was planted."""
        planted: list[Data] = self._call("PUT", "/plants", {"month": month, **differences})["plants"]
        return planted

    def planted(self, month: str) -> list[Data]:
        """kind, order, and the line as it `was` and is `now` (null: there is none)."""
        planted: list[Data] = self._call("GET", "/plants", query={"month": month})["plants"]
        return planted

    def unplant(self, month: str) -> None:
        self._call("DELETE", "/plants", query={"month": month})

    def _pages(self, name: str) -> Iterator[Data]:
        after = 0
        while after is not None:
            page = self._call("GET", f"/{name}", query={"after": after})
            yield from page[name]
            after = page["next"]

    def _read(self, method: str, path: str, data: Data | None = None) -> Data:
        answer: Data = self._call(method, path, data)
        return answer

    def _call(self, method: str, path: str, data: Data | None = None, query: Data | None = None) -> Any:
        return self.control._call(method, f"/control/{self.code}{path}", data, query)

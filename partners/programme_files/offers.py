"""The offers of partners in the section `partners`: who fulfils a benefit of the programme, how, and for how much.

A benefit has one on a day. One that changes, or goes to another partner, goes on in a new version from that day; what
was ordered under the old one is fulfilled, and settled, by it. Whether it rests in grace, and when its codes run low,
changes in place.
"""

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any

from django.utils.formats import number_format
from django.utils.translation import gettext as _

from benefits.models import Benefit
from benefits.models.benefits import HELD_KINDS
from benefits.programme_files.budgets import days_in_order
from benefits.programme_files.known import COUNTED, Known, day_in_words
from memberships.models import Programme
from memberships.programme_files.facts import (
    as_date,
    as_text,
    difference,
    differing,
    facts_of,
    same_number,
    value_in_words,
)
from memberships.programme_files.faults import Fault, Path
from memberships.programme_files.plans import begins_too_late
from memberships.programme_files.schema import CODE, DATE, exact, one_of, record, whole
from memberships.programme_files.sections import Change
from memberships.programme_files.versions import Entry, Step, Versions
from partners.models import Fulfilment, Offer, Partner, VoucherCode

SCHEMA = record(
    {
        "benefit": {**CODE, "description": "Of this programme"},
        "sku": {"type": "string", "minLength": 1, "maxLength": 64, "description": "The partner's product number"},
        "mode": one_of(Offer.Mode.values, description="How it is fulfilled; reported: the partner tells of uses"),
        "unit_cost": exact(4, 0, 99_999_999, description="In CNY"),
        "settled": one_of(Offer.Settled.values, default="postpaid"),
        "billed": one_of(Offer.Billed.values, default="fulfilment", description="What a unit of the cost is"),
        "suspends_in_grace": {"type": "boolean", "default": False, "description": "Rests while the card is in grace"},
        "low_stock": whole(0, 2_147_483_647, default=0, description="With vouchers: to be warned at so many codes"),
        "starts_on": {**DATE, "description": "Not before that day; left out: from the effective day"},
        "ends_on": {**DATE, "description": "The last day"},
    },
    required=["benefit", "sku", "mode", "unit_cost"],
)
FIELDS = ("partner", "sku", "mode", "unit_cost", "settled", "billed")
OPEN = ("suspends_in_grace", "low_stock")
#: What an offer is for good.
FROZEN = frozenset({"partner", "mode"})


def _is_used(offer: Offer) -> bool:
    return Fulfilment.objects.filter(offer=offer).exists() or VoucherCode.objects.filter(offer=offer).exists()


VERSIONS: Versions[Offer] = Versions("starts_on", "ends_on", _is_used)


def check_offers(document: Any, section: list[dict[str, Any]]) -> Iterator[Fault]:
    """What is wrong with the offers of all partners."""
    benefits = {benefit["code"]: benefit for benefit in document.sections["benefits"]}
    first: dict[str, str] = {}
    for number, partner in enumerate(section):
        for place, offer in enumerate(partner["offers"]):
            path, code = ("partners", number, "offers", place), offer["benefit"]
            own = f"partners[{number}].offers[{place}]"
            if first.setdefault(code, own) != own:
                facts = {"code": code, "other": first[code]}
                yield Fault((*path, "benefit"), _("“%(code)s” is the benefit of %(other)s, too") % facts)
            if code not in benefits:
                yield Fault((*path, "benefit"), _("there is no benefit “%(code)s”") % {"code": code})
            else:
                yield from _check_mode(path, offer, benefits[code])
            yield from days_in_order(path, offer)
            yield from _check_contract(path, offer, partner)


def _check_mode(path: Path, offer: dict[str, Any], benefit: dict[str, Any]) -> Iterator[Fault]:
    is_held = benefit["kind"] in HELD_KINDS or any(rule["automatic"] for rule in benefit["rules"])
    if offer["mode"] != Offer.Mode.REPORTED and not is_held:
        words = _("a %(kind)s is not held by anybody, so there is nothing to fulfil: reported")
        yield Fault((*path, "mode"), words % {"kind": benefit["kind"]})
    if offer["mode"] != Offer.Mode.VOUCHERS and offer["low_stock"]:
        yield Fault((*path, "low_stock"), _("goes with vouchers, and only with them"))


def _check_contract(path: Path, offer: dict[str, Any], partner: dict[str, Any]) -> Iterator[Fault]:
    first, last = partner.get("contract_from"), partner.get("contract_until")
    if first and offer.get("starts_on", first) < first:
        yield Fault((*path, "starts_on"), _("is before the contract, which begins on %(day)s") % {"day": first})
    for key in ("starts_on", "ends_on"):
        if last and offer.get(key, last) > last:
            yield Fault((*path, key), _("is after the contract, which ends on %(day)s") % {"day": last})


def out_of_contract(start: date, end: date | None, contract: dict[str, Any]) -> Iterator[str]:
    """Which day of a contract does not bear an offer of these days."""
    if start < contract["contract_from"]:
        yield "contract_from"
    if contract["contract_until"] is not None and max(start, end or start) > contract["contract_until"]:
        yield "contract_until"


class Offers:
    """The offers for a programme's benefits as they are, to be made what a file says."""

    def __init__(self, programme: Programme | None) -> None:
        self.known = Known(programme)
        self.present: dict[str, list[Offer]] = {}
        offers = Offer.objects.filter(benefit__programme=programme).select_related("partner", "benefit")
        for offer in offers.order_by("starts_on") if programme else ():
            self.present.setdefault(offer.benefit.code, []).append(offer)
        self.partners: dict[str, Partner] = {}

    def steps(self, section: list[dict[str, Any]], *, on: date) -> Iterator[tuple[str, list[Offer], Step[Offer]]]:
        """What is to be written, by the benefit's code."""
        self.partners = Partner.objects.in_bulk([partner["code"] for partner in section], field_name="code")
        for partner in section:
            for offer in partner["offers"]:
                versions = self.present.get(offer["benefit"], [])
                step = VERSIONS.step(versions, self.entry(partner["code"], offer), on=on)
                if step is not None:
                    yield offer["benefit"], versions, step

    def entry(self, partner: str, offer: dict[str, Any]) -> Entry:
        facts = {"partner": self.partner(partner), **{name: offer[name] for name in FIELDS[1:]}}
        days = as_date(offer.get("starts_on")), as_date(offer.get("ends_on"))
        return Entry(offer["benefit"], *days, facts, {name: offer[name] for name in OPEN})

    def partner(self, code: str) -> Partner:
        """The partner of that code; one that the file brings along stands for itself."""
        if code not in self.partners:
            found = Partner.objects.filter(code=code).first()
            self.partners[code] = found or Partner(code=code, name=code, name_en=code)
        return self.partners[code]

    def hindrances(
        self, path: Path, partner: dict[str, Any], contract: dict[str, Any], *, on: date
    ) -> Iterator[Fault]:
        """Why a partner's offers cannot become what the file says; `contract`: its days by then."""
        for place, offer in enumerate(partner["offers"]):
            versions, entry = self.present.get(offer["benefit"], []), self.entry(partner["code"], offer)
            if versions and begins_too_late(VERSIONS, versions[-1], entry, on=on):
                words = _("it holds since %(day)s: it cannot begin later")
                day = day_in_words(versions[-1].starts_on)
                yield Fault((*path, place, "starts_on"), words % {"day": day})
            step = VERSIONS.step(versions, entry, on=on)
            days = facts_of(versions[-1], ("starts_on", "ends_on")) if versions else {}
            days |= step.values if step else {}
            if days["ends_on"] is None or days["ends_on"] >= on:
                for _key in out_of_contract(days["starts_on"], days["ends_on"], contract):
                    words = _("from %(day)s on it is not within the contract")
                    yield Fault((*path, place), words % {"day": day_in_words(days["starts_on"])})

    def changes(self, section: list[dict[str, Any]], *, on: date) -> Iterable[Change]:
        for code, versions, step in self.steps(section, on=on):
            yield _told(self.known.benefit(code), versions, step)
        for versions in self._left_out(section):
            for ending in VERSIONS.endings(versions, on=on):
                facts = {"benefit": ending.record.benefit, "partner": ending.record.partner}
                words = _("Offer of “%(partner)s” for “%(benefit)s” goes")
                if ending.end is not None:
                    words = _("Offer of “%(partner)s” for “%(benefit)s” ends, its last day is %(day)s")
                yield Change(words % {**facts, "day": ending.end and day_in_words(ending.end)})

    def apply(self, section: list[dict[str, Any]], *, on: date) -> None:
        for versions in self._left_out(section):
            for ending in VERSIONS.endings(versions, on=on):
                VERSIONS.write_ending(ending)
        for code, _versions, step in self.steps(section, on=on):
            self._write(step, Offer(benefit=self.known.benefit(code)))

    @staticmethod
    def _write(step: Step[Offer], new: Offer) -> None:
        """One that nobody used yet and that becomes another partner's, or another way, is written anew."""
        record = step.record
        if record is not None and FROZEN & set(differing(facts_of(record, step.values), step.values)):
            step = Step(None, step.values, step.ends)
            record.delete()
        VERSIONS.write(step, new)

    def _left_out(self, section: list[dict[str, Any]]) -> Iterator[list[Offer]]:
        named = {offer["benefit"] for partner in section for offer in partner["offers"]}
        yield from (versions for code, versions in self.present.items() if code not in named)

    def export(self, *, on: date) -> dict[str, list[dict[str, Any]]]:
        """The offers that hold or will, by the partner's code."""
        found: dict[str, list[dict[str, Any]]] = {}
        for versions in sorted(self.present.values(), key=lambda versions: versions[0].pk):
            if not VERSIONS.is_over(versions[-1], on=on):
                found.setdefault(versions[-1].partner.code, []).append(_exported(versions[-1]))
        return found


def _told(benefit: Benefit, versions: list[Offer], step: Step[Offer]) -> Change:
    if not versions:
        new = Offer(**step.values)
        words = _("New offer of “%(partner)s” for “%(benefit)s” from %(day)s: %(mode)s, %(cost)s CNY for %(unit)s")
        return Change(words % {
            "partner": new.partner, "benefit": benefit, "day": day_in_words(new.starts_on),
            "mode": new.get_mode_display(), "cost": value_in_words(Offer, "unit_cost", new.unit_cost),
            "unit": new.get_billed_display(),
        })
    latest = versions[-1]
    facts: dict[str, Any] = {"partner": latest.partner, "benefit": benefit}
    if step.record is not None:
        words = _("Offer of “%(partner)s” for “%(benefit)s”: %(difference)s")
        return Change(words % {**facts, "difference": difference(Offer, facts_of(latest, step.values), step.values)})
    wanted = {name: step.values[name] for name in (*FIELDS, *OPEN)}
    told = difference(Offer, facts_of(latest, wanted), wanted) or _("as before")
    facts |= {"day": day_in_words(step.values["starts_on"]), "difference": told}
    if latest.mode == Offer.Mode.VOUCHERS:
        left = VoucherCode.objects.filter(offer=latest, state=VoucherCode.State.AVAILABLE)[:COUNTED].count()
        words = _("Offer of “%(partner)s” for “%(benefit)s”: from %(day)s %(difference)s; %(codes)s codes stay behind")
        return Change(words % {**facts, "codes": number_format(left)}, {"codes": left})
    return Change(_("Offer of “%(partner)s” for “%(benefit)s”: from %(day)s %(difference)s") % facts)


def _exported(offer: Offer) -> dict[str, Any]:
    exported = {
        "benefit": offer.benefit.code, "sku": offer.sku, "mode": offer.mode,
        "unit_cost": same_number(offer.unit_cost),
        **facts_of(offer, ("settled", "billed", "suspends_in_grace", "low_stock")),
        "starts_on": as_text(offer.starts_on), "ends_on": as_text(offer.ends_on),
    }
    return {name: value for name, value in exported.items() if value is not None}

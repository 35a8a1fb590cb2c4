"""The section `partners`: who fulfils benefits of this programme, under which contract, with which offers (offers.py).

A partner may serve several programmes: its own facts are one row, which every file that names it has to say alike, or
changes, in words. Limits that a file leaves out are the desk's. A partner that a file leaves out stays; only its offers
for this programme end.
"""

from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from benefits.programme_files.known import day_in_words
from memberships.models import Programme
from memberships.programme_files.facts import as_date, as_text, difference, differing, facts_of, same_number
from memberships.programme_files.faults import Fault, Path
from memberships.programme_files.schema import CODE, DATE, NAMES, SMALL, exact, list_of, record, whole
from memberships.programme_files.sections import Change, ProgrammeSection
from memberships.programme_files.tier_groups import repeated_codes
from operations.models import User
from partners.models import Offer, Partner, RegistrationGift, StatusMatchRule
from partners.programme_files.offers import SCHEMA as OFFER
from partners.programme_files.offers import Offers, check_offers, out_of_contract

LIMITS = {
    "timeout_seconds": {**exact(1, 0, 9_999, description="Waits so long for an answer"), "exclusiveMinimum": 0},
    "in_flight": whole(1, SMALL, description="Calls at a time"),
    "per_second": exact(1, 0, 999_999, description="Calls a second; 0: no limit"),
    "breaker_failures": whole(1, SMALL, description="After so many failures in a row nothing is sent"),
    "breaker_seconds": whole(0, 2_147_483_647, description="for so many seconds"),
}


class Partners(ProgrammeSection):
    name = "partners"
    label = gettext_lazy("partners")
    schema = list_of(
        record(
            {
                "code": CODE,
                "name": NAMES,
                "contract_from": {**DATE, "description": "Left out: from the effective day, or its first offer's"},
                "contract_until": {**DATE, "description": "The last day"},
                "limits": record(LIMITS, description="How its systems are spoken to; what is left out is the desk's"),
                "offers": list_of(OFFER, default=[], description="What it fulfils of this programme's benefits"),
            },
            required=["code", "name"],
        ),
        description="Keys, addresses and contacts never stand in a file",
    )

    def check(self, document: Any, section: list[dict[str, Any]]) -> Iterable[Fault]:
        yield from repeated_codes(self.name, section)
        yield from check_offers(document, section)
        others = [*document.sections["status_match"], *document.sections["registration_gifts"]]
        named = {entry["partner"] for entry in others}
        for number, partner in enumerate(section):
            path = (self.name, number)
            if not partner["offers"] and partner["code"] not in named:
                yield Fault(path, _("has nothing to do with the programme: no offer, no status match, no gift"))
            if {"contract_from", "contract_until"} <= partner.keys():
                yield from _check_contract(path, partner)

    def clashes(self, programme: Programme | None, section: list[dict[str, Any]], *, on: date) -> Iterable[Fault]:
        offers, present = Offers(programme), _present(section)
        for number, entry in enumerate(section):
            path, partner = (self.name, number), present.get(entry["code"])
            contract = _wanted(entry, partner, on=on)
            yield from offers.hindrances((*path, "offers"), entry, contract, on=on)
            elsewhere = Offer.objects.filter(partner=partner).exclude(benefit__programme=programme)
            for offer in elsewhere.exclude(ends_on__lt=on).select_related("benefit") if partner else ():
                for key in out_of_contract(offer.starts_on, offer.ends_on, contract):
                    words = _("it offers “%(benefit)s” for another programme beyond that")
                    yield Fault((*path, key), words % {"benefit": offer.benefit})

    def changes(self, programme: Programme | None, section: list[dict[str, Any]], *, on: date) -> Iterable[Change]:
        present = _present(section)
        for entry in section:
            partner = present.get(entry["code"])
            if partner is None:
                yield _new(_wanted(entry, None, on=on))
            else:
                yield from _changed(programme, partner, _wanted(entry, partner, on=on))
        yield from Offers(programme).changes(section, on=on)

    def apply(self, programme: Programme, section: list[dict[str, Any]], *, on: date, actor: User | None) -> None:
        present = _present(section)
        for entry in section:
            partner = present.get(entry["code"])
            _write(partner or Partner(code=entry["code"]), _wanted(entry, partner, on=on))
        Offers(programme).apply(section, on=on)

    def export(self, programme: Programme, *, on: date) -> list[dict[str, Any]]:
        offers = Offers(programme).export(on=on)
        named = {*offers, *_matching(programme, on=on), *_giving(programme, on=on)}
        partners = Partner.objects.filter(code__in=named).order_by("pk")
        return [_exported(partner, offers.get(partner.code, [])) for partner in partners]


def _check_contract(path: Path, partner: dict[str, Any]) -> Iterator[Fault]:
    first, last = partner["contract_from"], partner["contract_until"]
    if last < first:
        yield Fault((*path, "contract_until"), _("%(last)s is before %(first)s") % {"last": last, "first": first})


def _present(section: list[dict[str, Any]]) -> dict[str, Partner]:
    """The partners that a section names, by code."""
    return {each.code: each for each in Partner.objects.filter(code__in=[entry["code"] for entry in section])}


def _matching(programme: Programme, *, on: date) -> set[str]:
    rules = StatusMatchRule.objects.filter(tier__group__programme=programme).exclude(ends_on__lt=on)
    return set(rules.values_list("partner__code", flat=True))


def _giving(programme: Programme, *, on: date) -> set[str]:
    gifts = RegistrationGift.objects.filter(programme=programme).exclude(ends_on__lt=on)
    return set(gifts.values_list("partner__code", flat=True))


def _wanted(entry: dict[str, Any], partner: Partner | None, *, on: date) -> dict[str, Any]:
    last = as_date(entry.get("contract_until"))
    begin = [as_date(offer.get("starts_on", offer.get("ends_on"))) or on for offer in entry["offers"]]
    usual = min(partner.contract_from if partner else on, last or on, *begin)
    first = as_date(entry.get("contract_from")) or usual
    return {
        "name": entry["name"]["zh"], "name_en": entry["name"]["en"], "contract_from": first, "contract_until": last,
        **entry.get("limits", {}),
    }


def _new(wanted: dict[str, Any]) -> Change:
    words = _("New partner “%(name)s”, under contract from %(day)s")
    return Change(words % {"name": Partner(**wanted), "day": day_in_words(wanted["contract_from"])})


def _changed(programme: Programme | None, partner: Partner, wanted: dict[str, Any]) -> Iterator[Change]:
    told = difference(Partner, facts_of(partner, wanted), wanted)
    if not told:
        return
    others = Programme.objects.filter(benefits__offers__partner=partner).distinct().order_by("pk")
    names = ", ".join(str(each) for each in others if programme is None or each.pk != programme.pk)
    words = _("Partner “%(name)s”: %(difference)s")
    if names:
        words = _("Partner “%(name)s”, also for %(programmes)s: %(difference)s")
    yield Change(words % {"name": partner, "difference": told, "programmes": names})


def _write(partner: Partner, wanted: dict[str, Any]) -> None:
    changed = differing(facts_of(partner, wanted), wanted)
    if partner.pk is not None and not changed:
        return
    for field, value in wanted.items():
        setattr(partner, field, value)
    partner.save(update_fields=None if partner.pk is None else changed)


def _exported(partner: Partner, offers: list[dict[str, Any]]) -> dict[str, Any]:
    limits = {
        name: same_number(value) if isinstance(value, Decimal) else value
        for name, value in facts_of(partner, LIMITS).items()
        if value != Partner._meta.get_field(name).get_default()  # type: ignore[union-attr]
    }
    exported = {
        "code": partner.code, "name": {"zh": partner.name, "en": partner.name_en},
        "contract_from": as_text(partner.contract_from), "contract_until": as_text(partner.contract_until),
        "limits": limits or None, "offers": offers,
    }
    return {key: value for key, value in exported.items() if value is not None}

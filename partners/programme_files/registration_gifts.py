"""The section `registration_gifts`: benefits that a member gets, once, for registering anew at a partner."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from benefits.models import Grant
from benefits.models.benefits import HELD_KINDS
from benefits.programme_files.budgets import days_in_order
from benefits.programme_files.known import Known, day_in_words
from memberships.models import Programme
from memberships.programme_files.facts import as_date, as_text, difference, facts_of
from memberships.programme_files.faults import Fault
from memberships.programme_files.plans import begins_too_late
from memberships.programme_files.schema import CODE, DATE, list_of, record
from memberships.programme_files.sections import Change, ProgrammeSection
from memberships.programme_files.versions import Entry, Step, Versions
from operations.models import User
from partners.models import Partner, RegistrationGift
from partners.programme_files.status_match import unknown_partners

#: A gift by its partner's code and its benefit's.
Key = tuple[str, str]


def _is_used(gift: RegistrationGift) -> bool:
    # Gifts of the days since it began: few where it is asked.
    return Grant.objects.filter(benefit=gift.benefit_id, rule=None, given_on__gte=gift.starts_on).exists()


VERSIONS: Versions[RegistrationGift] = Versions("starts_on", "ends_on", _is_used)


class RegistrationGifts(ProgrammeSection):
    name = "registration_gifts"
    label = gettext_lazy("gifts for registering")
    schema = list_of(
        record(
            {
                "partner": CODE,
                "benefit": {**CODE, "description": "Of this programme, something to hold"},
                "starts_on": {**DATE, "description": "Not before that day; left out: from the effective day"},
                "ends_on": {**DATE, "description": "The last day"},
            },
            required=["partner", "benefit"],
        )
    )

    def check(self, document: Any, section: list[dict[str, Any]]) -> Iterable[Fault]:
        kinds = {benefit["code"]: benefit["kind"] for benefit in document.sections["benefits"]}
        first: dict[Key, int] = {}
        yield from unknown_partners(document, self.name, section)
        for number, gift in enumerate(section):
            path, code = (self.name, number), gift["benefit"]
            if first.setdefault((gift["partner"], code), number) != number:
                other = f"{self.name}[{first[gift['partner'], code]}]"
                yield Fault((*path, "benefit"), _("“%(code)s” is the benefit of %(other)s, too")
                            % {"code": code, "other": other})
            if code not in kinds:
                yield Fault((*path, "benefit"), _("there is no benefit “%(code)s”") % {"code": code})
            elif kinds[code] not in HELD_KINDS:
                words = _("a %(kind)s is nothing to hold: %(kinds)s")
                facts = {"kind": kinds[code], "kinds": ", ".join(HELD_KINDS)}
                yield Fault((*path, "benefit"), words % facts)
            yield from days_in_order(path, gift)

    def hindrances(self, programme: Programme, section: list[dict[str, Any]], *, on: date) -> Iterable[Fault]:
        present = _present(programme)
        for number, gift in enumerate(section):
            versions = present.get((gift["partner"], gift["benefit"]))
            if versions and begins_too_late(VERSIONS, versions[-1], _entry(gift), on=on):
                words = _("it holds since %(day)s: it cannot begin later")
                yield Fault((self.name, number, "starts_on"), words % {"day": day_in_words(versions[-1].starts_on)})

    def changes(self, programme: Programme | None, section: list[dict[str, Any]], *, on: date) -> Iterable[Change]:
        present, known = _present(programme), Known(programme)
        for gift in section:
            versions = present.pop((gift["partner"], gift["benefit"]), [])
            step = VERSIONS.step(versions, _entry(gift), on=on)
            if step is not None:
                yield _told(gift, known, step)
        for versions in present.values():
            for ending in VERSIONS.endings(versions, on=on):
                facts = {"partner": ending.record.partner, "benefit": ending.record.benefit}
                words = _("Gift “%(benefit)s” for registering at “%(partner)s” goes")
                if ending.end is not None:
                    words = _("Gift “%(benefit)s” for registering at “%(partner)s” ends, its last day is %(day)s")
                yield Change(words % {**facts, "day": ending.end and day_in_words(ending.end)})

    def apply(self, programme: Programme, section: list[dict[str, Any]], *, on: date, actor: User | None) -> None:
        present, known = _present(programme), Known(programme)
        partners = Partner.objects.in_bulk({gift["partner"] for gift in section}, field_name="code")
        for gift in section:
            versions = present.pop((gift["partner"], gift["benefit"]), [])
            step = VERSIONS.step(versions, _entry(gift), on=on)
            if step is not None:
                VERSIONS.write(step, RegistrationGift(
                    partner=partners[gift["partner"]], programme=programme, benefit=known.benefit(gift["benefit"])
                ))
        for versions in present.values():
            for ending in VERSIONS.endings(versions, on=on):
                VERSIONS.write_ending(ending)

    def export(self, programme: Programme, *, on: date) -> list[dict[str, Any]]:
        in_order = sorted(_present(programme).values(), key=lambda versions: versions[0].pk)
        return [_exported(versions[-1]) for versions in in_order if not VERSIONS.is_over(versions[-1], on=on)]


def _present(programme: Programme | None) -> dict[Key, list[RegistrationGift]]:
    """The rows of each gift, oldest first."""
    found: dict[Key, list[RegistrationGift]] = {}
    if programme is not None:
        gifts = RegistrationGift.objects.filter(programme=programme).select_related("partner", "benefit")
        for gift in gifts.order_by("starts_on"):
            found.setdefault((gift.partner.code, gift.benefit.code), []).append(gift)
    return found


def _entry(gift: dict[str, Any]) -> Entry:
    return Entry(gift["benefit"], as_date(gift.get("starts_on")), as_date(gift.get("ends_on")), {})


def _told(gift: dict[str, Any], known: Known, step: Step[RegistrationGift]) -> Change:
    partner = Partner.objects.filter(code=gift["partner"]).first()
    facts = {"partner": partner or gift["partner"], "benefit": known.benefit(gift["benefit"])}
    if step.record is not None:
        told = difference(RegistrationGift, facts_of(step.record, step.values), step.values)
        words = _("Gift “%(benefit)s” for registering at “%(partner)s”: %(difference)s")
        return Change(words % {**facts, "difference": told})
    words = _("New gift “%(benefit)s” for registering at “%(partner)s”, from %(day)s")
    return Change(words % {**facts, "day": day_in_words(step.values["starts_on"])})


def _exported(gift: RegistrationGift) -> dict[str, Any]:
    exported = {
        "partner": gift.partner.code, "benefit": gift.benefit.code, "starts_on": as_text(gift.starts_on),
        "ends_on": as_text(gift.ends_on),
    }
    return {name: value for name, value in exported.items() if value is not None}

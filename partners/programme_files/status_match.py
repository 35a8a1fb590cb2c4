"""The section `status_match`: which tier here is worth which at a partner, or the other way round, and for how long.

A rule that changes ends, and another begins; the matches that it made last to their own end.
"""

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from benefits.programme_files.budgets import days_in_order
from benefits.programme_files.known import COUNTED, Known, day_in_words, members_in_words
from memberships.models import Programme, TierStanding
from memberships.programme_files.facts import as_date, as_text, difference, facts_of
from memberships.programme_files.faults import Fault
from memberships.programme_files.plans import begins_too_late
from memberships.programme_files.schema import CODE, DATE, SMALL, list_of, one_of, record, whole
from memberships.programme_files.sections import Change, ProgrammeSection
from memberships.programme_files.tier_groups import repeated_codes
from memberships.programme_files.versions import Ending, Entry, Step, Versions
from operations.models import User
from partners.models import Partner, StatusMatch, StatusMatchRule

Direction = StatusMatchRule.Direction
FIELDS = ("direction", "tier", "partner_tier", "months", "is_renewed")
#: A rule by its partner's code and its own.
Key = tuple[str, str]


def _is_used(rule: StatusMatchRule) -> bool:
    return StatusMatch.objects.filter(rule=rule).exists()


VERSIONS: Versions[StatusMatchRule] = Versions("starts_on", "ends_on", _is_used)


class StatusMatches(ProgrammeSection):
    name = "status_match"
    label = gettext_lazy("status match")
    schema = list_of(
        record(
            {
                "code": CODE,
                "partner": CODE,
                "direction": one_of(
                    Direction.values, description="outbound: our tier gives theirs; inbound: theirs gives ours"
                ),
                "tier": record({"group": CODE, "code": CODE}, required=["group", "code"], description="Ours"),
                "partner_tier": {"type": "string", "minLength": 1, "maxLength": 64, "description": "As it calls it"},
                "months": whole(1, SMALL, description="A match holds so long"),
                "renewed": {"type": "boolean", "default": False, "description": "While the tier lasts"},
                "starts_on": {**DATE, "description": "Not before that day; left out: from the effective day"},
                "ends_on": {**DATE, "description": "The last day on which one is matched"},
            },
            required=["code", "partner", "direction", "tier", "partner_tier", "months"],
        )
    )

    def check(self, document: Any, section: list[dict[str, Any]]) -> Iterable[Fault]:
        tiers = {(tier["group"], tier["code"]) for tier in document.sections["tiers"]}
        yield from repeated_codes(self.name, section)
        yield from unknown_partners(document, self.name, section)
        for number, rule in enumerate(section):
            path, tier = (self.name, number), (rule["tier"]["group"], rule["tier"]["code"])
            if tier not in tiers:
                yield Fault((*path, "tier"), _("there is no tier “%(code)s”") % {"code": "/".join(tier)})
            yield from days_in_order(path, rule)
            for other in range(number):
                if _is_of_same(section[other], rule) and _overlap(section[other], rule):
                    words = _("is about the same tier as %(other)s, on the same days")
                    yield Fault(path, words % {"other": f"{self.name}[{other}]"})

    def clashes(self, programme: Programme | None, section: list[dict[str, Any]], *, on: date) -> Iterable[Fault]:
        others = StatusMatchRule.objects.exclude(tier__group__programme=programme)
        for number, rule in enumerate(section):
            if others.filter(partner__code=rule["partner"], code=rule["code"]).exists():
                words = _("“%(code)s” is a status match of another programme with this partner: take another code")
                yield Fault((self.name, number, "code"), words % {"code": rule["code"]})

    def hindrances(self, programme: Programme, section: list[dict[str, Any]], *, on: date) -> Iterable[Fault]:
        present, known = _present(programme), Known(programme)
        for number, rule in enumerate(section):
            versions = present.get((rule["partner"], rule["code"]))
            if versions and begins_too_late(VERSIONS, versions[-1], _entry(rule, known), on=on):
                words = _("it holds since %(day)s: it cannot begin later")
                yield Fault((self.name, number, "starts_on"), words % {"day": day_in_words(versions[-1].starts_on)})

    def changes(self, programme: Programme | None, section: list[dict[str, Any]], *, on: date) -> Iterable[Change]:
        present, known = _present(programme), Known(programme)
        for rule in section:
            versions = present.pop((rule["partner"], rule["code"]), [])
            step = VERSIONS.step(versions, _entry(rule, known), on=on)
            if step is not None:
                yield _told(rule, versions, step)
        for versions in present.values():
            yield from (_ended(ending, on=on) for ending in VERSIONS.endings(versions, on=on))

    def apply(self, programme: Programme, section: list[dict[str, Any]], *, on: date, actor: User | None) -> None:
        present, known = _present(programme), Known(programme)
        partners = Partner.objects.in_bulk({rule["partner"] for rule in section}, field_name="code")
        for rule in section:
            versions = present.pop((rule["partner"], rule["code"]), [])
            step = VERSIONS.step(versions, _entry(rule, known), on=on)
            if step is not None:
                VERSIONS.write(step, StatusMatchRule(partner=partners[rule["partner"]], code=rule["code"]))
        for versions in present.values():
            for ending in VERSIONS.endings(versions, on=on):
                VERSIONS.write_ending(ending)

    def export(self, programme: Programme, *, on: date) -> list[dict[str, Any]]:
        in_order = sorted(_present(programme).values(), key=lambda versions: versions[0].pk)
        return [_exported(versions[-1]) for versions in in_order if not VERSIONS.is_over(versions[-1], on=on)]


def unknown_partners(document: Any, name: str, section: list[dict[str, Any]]) -> Iterator[Fault]:
    """Faults of entries whose partner the file does not describe."""
    known = {partner["code"] for partner in document.sections["partners"]}
    for number, entry in enumerate(section):
        if entry["partner"] not in known:
            yield Fault((name, number, "partner"), _("there is no partner “%(code)s”") % {"code": entry["partner"]})


def _is_of_same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether both say what the same tier is worth: ours there, or theirs here."""
    asked = "tier" if one["direction"] == Direction.OUTBOUND else "partner_tier"
    return all(one[key] == other[key] for key in ("partner", "direction", asked))


def _overlap(one: dict[str, Any], other: dict[str, Any]) -> bool:
    never, ever = "0000-00-00", "9999-99-99"
    return bool(
        one.get("starts_on", never) <= other.get("ends_on", ever)
        and other.get("starts_on", never) <= one.get("ends_on", ever)
    )


def _present(programme: Programme | None) -> dict[Key, list[StatusMatchRule]]:
    """The versions of each rule about the programme's tiers, oldest first."""
    found: dict[Key, list[StatusMatchRule]] = {}
    if programme is not None:
        rules = StatusMatchRule.objects.filter(tier__group__programme=programme)
        for rule in rules.select_related("partner", "tier__group").order_by("starts_on"):
            found.setdefault((rule.partner.code, rule.code), []).append(rule)
    return found


def _entry(rule: dict[str, Any], known: Known) -> Entry:
    facts = {
        "direction": rule["direction"], "tier": known.tier(rule["tier"]), "partner_tier": rule["partner_tier"],
        "months": rule["months"], "is_renewed": rule["renewed"],
    }
    return Entry(rule["code"], as_date(rule.get("starts_on")), as_date(rule.get("ends_on")), facts)


def _told(entry: dict[str, Any], versions: list[StatusMatchRule], step: Step[StatusMatchRule]) -> Change:
    if not versions:
        return _new(entry, StatusMatchRule(**step.values))
    latest = versions[-1]
    facts: dict[str, Any] = {"code": latest.code, "partner": latest.partner}
    if step.record is not None:
        told = difference(StatusMatchRule, facts_of(latest, step.values), step.values)
        return Change(_("Status match “%(code)s” with “%(partner)s”: %(told)s") % {**facts, "told": told})
    wanted = {name: step.values[name] for name in FIELDS}
    facts["told"] = difference(StatusMatchRule, facts_of(latest, wanted), wanted) or _("as before")
    facts["day"] = day_in_words(step.values["starts_on"])
    return Change(_("Status match “%(code)s” with “%(partner)s”: from %(day)s %(told)s") % facts)


def _new(entry: dict[str, Any], rule: StatusMatchRule) -> Change:
    partner = Partner.objects.filter(code=entry["partner"]).first()
    facts = {
        "partner": partner or entry["partner"], "ours": rule.tier, "theirs": rule.partner_tier, "months": rule.months,
    }
    if rule.direction == Direction.INBOUND:
        words = _("New status match: “%(theirs)s” at “%(partner)s” gives our “%(ours)s” for %(months)s months")
        return Change(words % facts)
    standing = TierStanding.objects.filter(tier=rule.tier) if rule.tier.pk else TierStanding.objects.none()
    members = standing[:COUNTED].count()
    words = _("New status match: our “%(ours)s” gives “%(theirs)s” at “%(partner)s” for %(months)s months; %(members)s")
    return Change(words % {**facts, "members": members_in_words(members)}, {"members": members})


def _ended(ending: Ending[StatusMatchRule], *, on: date) -> Change:
    facts = {"code": ending.record.code, "partner": ending.record.partner}
    if ending.end is None:
        return Change(_("Status match “%(code)s” with “%(partner)s” goes") % facts)
    matched = StatusMatch.objects.filter(rule=ending.record).valid(on=on)[:COUNTED].count()
    words = _(
        "Status match “%(code)s” with “%(partner)s” ends, its last day is %(day)s; %(members)s keep theirs to its end"
    )
    facts |= {"day": day_in_words(ending.end), "members": members_in_words(matched)}
    return Change(words % facts, {"members": matched})


def _exported(rule: StatusMatchRule) -> dict[str, Any]:
    exported = {
        "code": rule.code, "partner": rule.partner.code, "direction": rule.direction,
        "tier": {"group": rule.tier.group.code, "code": rule.tier.code}, "partner_tier": rule.partner_tier,
        "months": rule.months, "renewed": rule.is_renewed, "starts_on": as_text(rule.starts_on),
        "ends_on": as_text(rule.ends_on),
    }
    return {name: value for name, value in exported.items() if value is not None}

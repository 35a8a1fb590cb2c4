"""The section `benefits`: what the programme gives, each with its rules (rules.py).

A benefit's own facts change in place: what was used keeps the values of its day (Redemption), and past terms are kept
where they matter (services/benefit_terms.py). One that a file leaves out is retired from the day: its rules end, what
members hold of it stays theirs. Its units (`stock`) are counted from the first file on, what was used before included;
later they are the desk's. What a rule gives by itself takes no use: it goes with neither stock nor budget.
"""

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from benefits.kinds import KINDS, bare_terms, filled_terms
from benefits.models import Benefit, BenefitStock, ChoiceGroup, Grant
from benefits.models.benefits import HELD_KINDS, Kind
from benefits.models.grants import LIVE
from benefits.programme_files.known import COUNTED, Known, members_in_words
from benefits.programme_files.rules import SCHEMA as RULE
from benefits.programme_files.rules import Rules, check_rules
from benefits.programme_files.words import terms_difference
from benefits.services.stocks import set_total, units_used
from memberships.models import Funder, Programme
from memberships.programme_files.facts import difference, differing, facts_of, same_number
from memberships.programme_files.faults import Fault, Path
from memberships.programme_files.schema import CODE, NAMES, SMALL, exact, list_of, one_of, record_by, whole
from memberships.programme_files.sections import Change, ProgrammeSection
from memberships.programme_files.tier_groups import repeated_codes
from operations.models import User

FIELDS = ("name", "name_en", "combine", "funder", "face_value", "unit_cost", "budget", "valid_days", "terms")


class Benefits(ProgrammeSection):
    name = "benefits"
    label = gettext_lazy("benefits")
    schema = list_of(
        record_by(
            {
                "code": CODE,
                "name": NAMES,
                "kind": one_of(Kind.values),
                "funder": one_of(Funder.values, default="platform", description="Who bears its cost"),
                "combine": one_of(
                    Benefit.Combine.values, default="best", description="What several rules for a member come to"
                ),
                "face_value": exact(
                    2, 0, 9_999_999_999,
                    description="Of a use, in CNY: what it costs elsewhere. What is given by itself for as long as a "
                    "right lasts is worth it for each month begun",
                ),
                "unit_cost": exact(4, 0, 99_999_999, description="Of a use, in CNY: what it costs who bears it"),
                "budget": {**CODE, "description": "Uses draw what they cost on this budget"},
                "valid_days": whole(1, SMALL, description="What is held is good for so many days"),
                "stock": whole(
                    0, 1_000_000_000_000, description="Units that there are at first; later the desk looks after them"
                ),
                "terms": {},
                "rules": list_of(RULE, default=[], description="None: it is given by hand or as a gift only"),
            },
            key="kind", part="terms", required=["code", "name", "kind"],
            written={code: {**kind.terms, "default": {}} for code, kind in KINDS.items()},
        )
    )

    def check(self, document: Any, section: list[dict[str, Any]]) -> Iterable[Fault]:
        budgets = {budget["code"] for budget in document.sections["budgets"]}
        yield from repeated_codes(self.name, section)
        for number, benefit in enumerate(section):
            path = (self.name, number)
            if "budget" in benefit and benefit["budget"] not in budgets:
                yield Fault((*path, "budget"), _("there is no budget “%(code)s”") % {"code": benefit["budget"]})
            if "budget" in benefit and "unit_cost" not in benefit:
                yield Fault((*path, "budget"), _("needs unit_cost: what a use draws on it"))
            if "valid_days" in benefit and benefit["kind"] not in HELD_KINDS:
                kinds = {"kinds": ", ".join(HELD_KINDS)}
                yield Fault((*path, "valid_days"), _("goes with what is held only: %(kinds)s") % kinds)
            yield from _check_given(path, benefit)
            yield from check_rules((*path, "rules"), benefit["rules"], document)

    def hindrances(self, programme: Programme, section: list[dict[str, Any]], *, on: date) -> Iterable[Fault]:
        present, known = _present(programme), Known(programme)
        for number, entry in enumerate(section):
            benefit = present.get(entry["code"])
            if benefit is None:
                continue
            if "stock" in entry and not hasattr(benefit, "stock") and (used := units_used(benefit)) > entry["stock"]:
                words = _("%(units)s units were used already: there cannot be fewer in all")
                yield Fault((self.name, number, "stock"), words % {"units": number_format(used)})
            if benefit.kind != entry["kind"]:
                words = _("“%(name)s” is a %(kind)s and stays one: another kind is another benefit, with another code")
                facts = {"name": benefit, "kind": benefit.get_kind_display()}
                yield Fault((self.name, number, "kind"), words % facts)
            yield from Rules(benefit, known).hindrances((self.name, number, "rules"), entry["rules"], on=on)

    def changes(self, programme: Programme | None, section: list[dict[str, Any]], *, on: date) -> Iterable[Change]:
        present, known = _present(programme), Known(programme)
        for entry in section:
            benefit = present.pop(entry["code"], None)
            if benefit is None or benefit.retired_on is not None:
                named = Benefit(**_wanted(entry, known), kind=entry["kind"])
                facts = {"name": named, "kind": named.get_kind_display()}
                yield Change(_("New benefit “%(name)s” (%(kind)s)") % facts)
            else:
                yield from _changed(benefit, entry, known)
            yield from _stocked(benefit, entry)
            yield from Rules(benefit or named, known).changes(entry["rules"], on=on)
        for benefit in present.values():
            if benefit.retired_on is None:
                yield _retired(benefit)
                yield from Rules(benefit, known).changes([], on=on)

    def apply(self, programme: Programme, section: list[dict[str, Any]], *, on: date, actor: User | None) -> None:
        _name_groups(programme, section)
        present, known = _present(programme), Known(programme)
        for entry in section:
            benefit = present.pop(entry["code"], None)
            if benefit is None:
                benefit = Benefit(programme=programme, code=entry["code"], kind=entry["kind"])
            _write(benefit, {**_wanted(entry, known), "retired_on": None})
            if "stock" in entry and not BenefitStock.objects.filter(benefit=benefit).exists():
                set_total(benefit, entry["stock"], actor=actor, reason="")
            Rules(benefit, known).apply(entry["rules"], on=on)
        for benefit in present.values():
            if benefit.retired_on is None:
                _write(benefit, {"retired_on": on})
                Rules(benefit, known).apply([], on=on)

    def export(self, programme: Programme, *, on: date) -> list[dict[str, Any]]:
        known = Known(programme)
        return [
            _exported(benefit, Rules(benefit, known).export(on=on))
            for benefit in _present(programme).values() if benefit.retired_on is None
        ]


def _check_given(path: Path, benefit: dict[str, Any]) -> Iterator[Fault]:
    """What members hold ends, and what is given by itself takes nothing that uses take."""
    has_uses = any(not rule["automatic"] for rule in benefit["rules"])
    if benefit["kind"] == Kind.PARTNER_SUBSCRIPTION and has_uses and "valid_days" not in benefit:
        # What is given by itself ends with the right; what is redeemed is the member's own, and ends by its days only.
        words = _("needs valid_days, or rules that are automatic: what is redeemed does not end with the card")
        yield Fault((*path, "valid_days"), words)
    for number, rule in enumerate(benefit["rules"]):
        if rule["automatic"] and ("stock" in benefit or "budget" in benefit):
            words = _("goes with neither stock nor budget: what is given by itself takes nothing of them")
            yield Fault((*path, "rules", number, "automatic"), words)


def _present(programme: Programme | None) -> dict[str, Benefit]:
    """Benefits by code, retired ones included."""
    if programme is None:
        return {}
    benefits = Benefit.objects.filter(programme=programme).select_related("budget", "stock").order_by("pk")
    return {benefit.code: benefit for benefit in benefits}


def _name_groups(programme: Programme, section: list[dict[str, Any]]) -> None:
    """The choice groups that rules name and that are not there yet: their section, which comes next, describes them."""
    named = {rule["choice_group"] for benefit in section for rule in benefit["rules"] if "choice_group" in rule}
    for code in sorted(named):
        ChoiceGroup.objects.get_or_create(programme=programme, code=code, defaults={"name": code, "name_en": code})


def _wanted(entry: dict[str, Any], known: Known) -> dict[str, Any]:
    return {
        "name": entry["name"]["zh"], "name_en": entry["name"]["en"], "combine": entry["combine"],
        "funder": entry["funder"], "face_value": entry.get("face_value"), "unit_cost": entry.get("unit_cost"),
        "budget": known.budget(entry.get("budget")), "valid_days": entry.get("valid_days"),
        "terms": bare_terms(entry["kind"], entry["terms"]),
    }


def _changed(benefit: Benefit, entry: dict[str, Any], known: Known) -> Iterator[Change]:
    wanted = _wanted(entry, known)
    terms = wanted.pop("terms")
    told = [difference(Benefit, facts_of(benefit, wanted), wanted), terms_difference(benefit.terms, terms)]
    if not any(told):
        return
    words, figures = _("Benefit “%(name)s”: %(difference)s"), {}
    if told[1] and benefit.kind in HELD_KINDS:
        words = _("Benefit “%(name)s”: %(difference)s; so does what %(held)s hold of it")
        figures = {"held": _held(benefit)}
    facts = {"name": benefit, "difference": ", ".join(filter(None, told))}
    yield Change(words % {**facts, "held": members_in_words(figures.get("held", 0))}, figures)


def _stocked(benefit: Benefit | None, entry: dict[str, Any]) -> Iterator[Change]:
    """A stock that there is none of yet."""
    if "stock" in entry and (benefit is None or not hasattr(benefit, "stock")):
        facts = {"name": Benefit(name=entry["name"]["zh"], name_en=entry["name"]["en"]), "stock": entry["stock"]}
        yield Change(
            _("Benefit “%(name)s”: %(stock)s units from now on") % {**facts, "stock": number_format(entry["stock"])}
        )


def _retired(benefit: Benefit) -> Change:
    held = _held(benefit)
    words = _("Benefit “%(name)s” is retired")
    if benefit.kind in HELD_KINDS:
        words = _("Benefit “%(name)s” is retired; what %(held)s hold of it without a right behind it stays theirs")
    return Change(words % {"name": benefit, "held": members_in_words(held)}, {"held": held})


def _held(benefit: Benefit) -> int:
    """Grants of it that are live, COUNTED at the most."""
    return Grant.objects.filter(benefit=benefit, state__in=LIVE)[:COUNTED].count()


def _write(benefit: Benefit, wanted: dict[str, Any]) -> None:
    if benefit.pk is not None and not differing(facts_of(benefit, wanted), wanted):
        return
    for field, value in wanted.items():
        setattr(benefit, field, value)
    benefit.save(update_fields=None if benefit.pk is None else list(wanted))


def _exported(benefit: Benefit, rules: list[dict[str, Any]]) -> dict[str, Any]:
    exported = {
        "code": benefit.code, "name": {"zh": benefit.name, "en": benefit.name_en}, "kind": benefit.kind,
        "funder": benefit.funder, "combine": benefit.combine, "face_value": same_number(benefit.face_value),
        "unit_cost": same_number(benefit.unit_cost), "budget": benefit.budget and benefit.budget.code,
        "valid_days": benefit.valid_days, "stock": benefit.stock.total if hasattr(benefit, "stock") else None,
        "terms": filled_terms(benefit.kind, benefit.terms), "rules": rules,
    }
    return {key: value for key, value in exported.items() if value is not None}

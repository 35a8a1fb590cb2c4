"""The section `programme`: what a programme is called, whom it is for and to whom it is open."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from memberships.models import Enrolment, Programme, Subscription
from memberships.models.programmes import Audience, Enrols
from memberships.programme_files.facts import difference, differing, facts_of, same_number
from memberships.programme_files.faults import Fault
from memberships.programme_files.schema import CODE, NAMES, exact, one_of, record
from memberships.programme_files.sections import Change, ProgrammeSection
from operations.models import User

FIELDS = ("name", "name_en", "audience", "enrols", "open_share")


class ProgrammeFacts(ProgrammeSection):
    name = "programme"
    label = gettext_lazy("programme")
    is_required = True
    schema = record(
        {
            "code": CODE,
            "name": NAMES,
            "audience": one_of(Audience.values, description="Whom the programme is for"),
            "enrols": one_of(Enrols.values, default="member", description="What has an enrolment of its own"),
            "open_share": exact(
                4, 0, 1, default=1, description="To this share of members the programme is open, by a hash of their key"
            ),
        },
        required=["code", "name", "audience"],
    )

    def check(self, document: Any, section: dict[str, Any]) -> Iterable[Fault]:
        if section["enrols"] == Enrols.STORE and section["audience"] != Audience.ENTERPRISE:
            yield Fault(("programme", "enrols"), _("only enterprises have stores"))

    def hindrances(self, programme: Programme, section: dict[str, Any], *, on: date) -> Iterable[Fault]:
        wanted = _wanted(section)
        # By the plans, which have an index of their cards.
        has_cards = Subscription.objects.filter(plan__in=programme.plans.all()).exists()
        has_wallets = Enrolment.objects.filter(programme=programme).exists()
        if wanted["audience"] != programme.audience and (has_cards or has_wallets):
            yield Fault(("programme", "audience"), _("the programme has members, who are all of the other kind"))
        if wanted["enrols"] != programme.enrols and has_wallets:
            yield Fault(("programme", "enrols"), _("the programme has enrolments, which are all of the other kind"))

    def changes(self, programme: Programme | None, section: dict[str, Any], *, on: date) -> Iterable[Change]:
        wanted = _wanted(section)
        if programme is None:
            facts = {"name": Programme(**wanted), "code": section["code"]}
            yield Change(_("New programme “%(name)s” (%(code)s)") % facts)
            return
        words = difference(Programme, _present(programme), wanted)
        if words:
            yield Change(_("Programme: %(difference)s") % {"difference": words})

    def apply(self, programme: Programme, section: dict[str, Any], *, on: date, actor: User | None) -> None:
        wanted = _wanted(section)
        changed = differing(_present(programme), wanted)
        if changed:
            for field in changed:
                setattr(programme, field, wanted[field])
            programme.save(update_fields=changed)

    def export(self, programme: Programme, *, on: date) -> dict[str, Any]:
        present = _present(programme)
        names = {"zh": present.pop("name"), "en": present.pop("name_en")}
        return {"code": programme.code, "name": names, **present}


def new_programme(section: dict[str, Any]) -> Programme:
    """Make the programme that a section describes."""
    return Programme.objects.create(code=section["code"], **_wanted(section))


def _wanted(section: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": section["name"]["zh"], "name_en": section["name"]["en"], "audience": section["audience"],
        "enrols": section["enrols"], "open_share": section["open_share"],
    }


def _present(programme: Programme) -> dict[str, Any]:
    return {**facts_of(programme, FIELDS), "open_share": same_number(programme.open_share)}

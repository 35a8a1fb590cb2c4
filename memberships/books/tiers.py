"""Standings against their changes: where a member stands is where the newest change led, on a tier of the ladder."""

from django.utils.translation import gettext_lazy as _

from memberships.books.tables import TableCheck
from memberships.models import Enrolment, TierChange, TierStanding


class Standings(TableCheck):
    """The tier of a wallet in a ladder. Its wallet's page shows it."""

    name = "tier-standings"
    label = _("tiers of members")
    model = TierStanding
    page = Enrolment
    step = 50_000
    faults = {
        "standing_of_change": _("the tier is not the one that the newest change led to"),
        "standing_of_ladder": _(
            "the tier is missing or one of another ladder, or the wallet is another member's or programme's"
        ),
    }


class Changes(TableCheck):
    """Changes of tier, one after the other."""

    name = "tier-changes"
    label = _("changes of tier")
    model = TierChange
    page = Enrolment
    step = 50_000
    faults = {
        "change_of_change": _("the change does not begin with the tier to which the one before it led"),
        "change_of_ladder": _(
            "the change leads from or to a tier that is missing or of another ladder, "
            "or its wallet is another member's or programme's"
        ),
        "change_without_standing": _("there are changes, and no tier"),
    }

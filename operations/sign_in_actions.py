"""Who takes somebody's second factor away is two people: their password alone would sign in as them then."""

from datetime import date, datetime
from decimal import Decimal

from django.db.models import Model
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from operations.approvals import ApprovalAction, Description, Outcome, Payload, fingerprint
from operations.errors import NotPermittedError
from operations.models import User
from operations.services.second_factor import NotEnrolledError, factor_of, recovery_codes_left, remove_factor


class ResetSecondFactor(ApprovalAction):
    """Payload: {"user": key}. It always takes two people, neither of whom is the user."""

    name = "reset_second_factor"
    label = gettext_lazy("reset a second factor")
    permission = "operations.reset_secondfactor"
    has_limits = False

    def amount(self, payload: Payload) -> Decimal | None:
        return None

    def check(self, payload: Payload, *, actor: User, on: date, at: datetime) -> None:
        user = self._user(payload)
        if factor_of(user) is None:
            raise NotEnrolledError
        _refuse_own(user, actor)

    def describe(self, payload: Payload) -> Description:
        user = self._user(payload)
        factor = factor_of(user)
        left = str(recovery_codes_left(factor)) if factor else "–"
        return Description(
            _("Take the second factor of %(user)s away: the password alone signs in until another is set up.")
            % {"user": user},
            ((_("Name"), user.get_full_name() or user.get_username()), (_("Recovery codes left"), left)),
        )

    def subject(self, payload: Payload) -> Model | None:
        return self._user(payload)

    def seen(self, payload: Payload) -> str:
        factor = factor_of(self._user(payload))
        return fingerprint(factor.pk if factor else None)

    def execute(
        self, payload: Payload, *, actor: User, checker: User | None, reason: str, on: date, at: datetime
    ) -> Outcome:
        user = self._user(payload)
        for person in (actor, checker):
            _refuse_own(user, person)
        remove_factor(user, reason=reason, actor=actor)
        return Outcome(_("The second factor is reset; all sessions of the user have ended."), {"user": user.pk})

    @staticmethod
    def _user(payload: Payload) -> User:
        return User.objects.select_related("second_factor").get(pk=payload["user"])


def _refuse_own(user: User, person: User | None) -> None:
    if person == user:
        raise NotPermittedError(_("It is your own second factor: this takes two other people."))

"""manage.py reset_second_factor USERNAME --reason WHY: for whoever has the machine, when nobody signs in any more."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from operations.errors import PlusdeskError
from operations.models import User
from operations.services.second_factor import remove_factor


class Command(BaseCommand):
    """At the desk it takes two people (operations/sign_in_actions.py); the trail keeps the reason of this one, too."""

    help = "Take the second factor of a user away, so that their password alone signs in until they set up another."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username")
        parser.add_argument("--reason", required=True)

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(username=options["username"]).first()
        if user is None:
            raise CommandError(_("There is no user “%(username)s”.") % {"username": options["username"]})
        try:
            remove_factor(user, reason=options["reason"], actor=None)
        except PlusdeskError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(_("The second factor is reset; all sessions of the user have ended."))

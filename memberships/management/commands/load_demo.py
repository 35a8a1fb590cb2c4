"""`manage.py load_demo`: demo programmes, members with their past, and users, made once."""

import os
from datetime import UTC, datetime
from typing import Any
from unicodedata import east_asian_width

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from memberships import demo
from memberships.dates import business_date
from memberships.demo.sizes import SIZES
from operations.models import User


class Command(BaseCommand):
    """Refuses in production, where public passwords have no business."""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.description = _("Load the demo: programmes, members with their past, users. Never in production.")
        parser.add_argument("--logins", action="store_true", help=_("only print how to log in; load nothing"))

    def handle(self, *args: Any, logins: bool, **options: Any) -> None:
        if settings.IS_PRODUCTION:
            raise CommandError(_("The passwords of the demo are public: it is not for production."))
        if logins:
            self._print_logins()
            return
        if os.environ.get("DATABASE_URL") and _has_users_of_its_own():
            self.stdout.write(_("The demo was not loaded: the database of DATABASE_URL has users of its own."))
            return
        loaded = demo.load_demo(on=business_date(datetime.now(UTC)), size=SIZES[settings.DEMO_SIZE])
        self._say(loaded)

    def _say(self, loaded: demo.Loaded) -> None:
        """What was made, and what could not be."""
        if not loaded.people:
            self.stdout.write(_("The demo is already there."))
            return
        self.stdout.write(_("Demo loaded: %(people)d people and %(firms)d firms.") % loaded._asdict())
        if loaded.nights:
            words = _("Their past: %(payments)d payments, and the last %(nights)d nights.")
            self.stdout.write(words % loaded._asdict())
        else:
            self.stdout.write(_(
                "Left out: payment methods, payments and the last nights, since no sandbox gateway answers whose books"
                " are empty. `make run` starts one."
            ))

    def _print_logins(self) -> None:
        """A small table, and nothing else. CommandError when no demo user has the demo's password."""
        found = demo.working_logins()
        if not found:
            raise CommandError(_("No login of the demo works: it is not loaded, or passwords were changed."))
        rows = [(_("user"), _("password"), _("role"))]
        rows += [(login.username, login.password, str(login.role)) for login in found]
        widths = [max(_width(row[place]) for row in rows) for place in range(3)]
        for row in rows:
            cells = (cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=True))
            self.stdout.write("  ".join(cells).rstrip())


def _has_users_of_its_own() -> bool:
    """Users besides the demo's; also ones that are only called like those, with passwords that are not public."""
    names = {login.username for login in demo.LOGINS}
    users = set(User.objects.values_list("username", flat=True)[: len(names) + 1])
    return not users <= names or (bool(users) and not demo.working_logins())


def _width(text: str) -> int:
    """Columns on a terminal, where a Chinese character takes two."""
    return sum(2 if east_asian_width(character) in "WF" else 1 for character in text)

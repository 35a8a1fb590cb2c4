"""manage.py rotate_secrets [--check] [--chunk N]: every secret sealed by the first of SECRETS_KEYS."""

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.db.models import Model
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from operations.models.sealed import SealedTextField
from operations.services.rotation import rotate_field, sealed_fields, stale


class Command(BaseCommand):
    """May run while the product does, be stopped, and run again. When nothing is left, older keys can be dropped."""

    help = (
        "Seal every secret anew by the first key of SECRETS_KEYS. With --check nothing is changed; exit code: 1 "
        "where an older key is still needed. Exit code: 1, too, where no key opens a secret; it is named."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", help="only say how many secrets an older key sealed")
        parser.add_argument("--chunk", type=int, default=1_000, help="rows in a transaction (1000)")

    def handle(self, *args: Any, **options: Any) -> None:
        work = self._check if options["check"] else self._rotate
        self.chunk = max(1, options["chunk"])
        results = [work(f"{model._meta.label}.{field.name}", model, field) for model, field in sealed_fields()]
        if not all(results):
            sys.exit(1)

    def _check(self, name: str, model: type[Model], field: SealedTextField) -> bool:
        """Say how many an older key sealed; whether there are none."""
        count = stale(model, field).count()
        self._say(_("%(name)s: %(count)s sealed by an older key"), name, count)
        return count == 0

    def _rotate(self, name: str, model: type[Model], field: SealedTextField) -> bool:
        """Seal anew, and say what could not be read; whether all could."""
        rotated = rotate_field(model, field, chunk=self.chunk, progress=lambda done: self._tell(name, done))
        self._say(_("%(name)s: %(count)s sealed anew"), name, rotated.done)
        for key in rotated.unreadable:
            self.stderr.write(_("%(name)s: no key opens the secret of record %(key)s.") % {"name": name, "key": key})
        return not rotated.unreadable

    def _say(self, words: str, name: str, count: int) -> None:
        self.stdout.write(words % {"name": name, "count": number_format(count)})

    def _tell(self, name: str, done: int) -> None:
        """How far a column is, for whoever watches."""
        if self.stderr.isatty():
            self.stderr.write(f"\r\033[K{name}: {number_format(done)}\r", ending="")

"""A sealed field: written as text, read as dots, revealed on purpose; and sealed anew when the keys change."""

import copy
import io
import pickle
from collections.abc import Iterator
from typing import Any

import pghistory
import pytest
from django.core import serializers
from django.core.exceptions import FieldError
from django.core.management import call_command
from django.db import IntegrityError, connection, models, transaction
from django.forms import modelform_factory
from django.test.utils import isolate_apps
from django.utils import translation

from operations.crypto import seal
from operations.management.commands import rotate_secrets
from operations.models.sealed import DOTS, SealedTextField, Secret
from operations.services.rotation import rotate_field, stale
from tests.operations.test_crypto import NEW, OLD

pytestmark = pytest.mark.django_db
TEXT = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@pytest.fixture
def safe(db: None) -> Iterator[Any]:
    """A model with a secret it must have and one it may have, and its table."""
    with isolate_apps():

        class Safe(models.Model):  # noqa: DJ008
            name = models.CharField(max_length=20, blank=True)
            key = SealedTextField()
            former = SealedTextField(null=True)

            class Meta:
                app_label = "operations"

        with connection.schema_editor() as editor:
            editor.create_model(Safe)
        yield Safe


def in_the_table(safe: Any) -> list[bytes]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT key FROM {safe._meta.db_table} ORDER BY id")
        return [bytes(key) for (key,) in cursor.fetchall()]


def test_a_secret_is_written_as_text_and_read_by_revealing_it(safe: Any) -> None:
    made = safe.objects.create(key=TEXT)
    assert made.key.reveal() == TEXT
    kept = safe.objects.get()
    assert isinstance(kept.key, Secret) and kept.key.reveal() == TEXT and kept.former is None
    assert all(TEXT.encode() not in key for key in in_the_table(safe))


def test_nothing_shows_it_by_accident(safe: Any) -> None:
    record = safe(key=TEXT)
    shown = [str(record.key), repr(record.key), f"{record.key}", repr(record.__dict__), f"{record.key!r:>40}"]
    assert all(TEXT not in text for text in shown) and str(record.key) == DOTS
    with pytest.raises(TypeError):
        vars(record.key)


def test_a_pickle_and_a_dump_hold_the_seal_only(safe: Any) -> None:
    record = safe.objects.create(key=TEXT)
    assert TEXT.encode() not in pickle.dumps(record.key)
    assert pickle.loads(pickle.dumps(record.key)).reveal() == TEXT
    assert copy.deepcopy(record.key).reveal() == TEXT
    assert TEXT not in serializers.serialize("json", [record])


def test_a_dump_can_be_read_back(safe: Any) -> None:
    record = safe.objects.create(key=TEXT)
    field = safe._meta.get_field("key")
    assert field.to_python(field.value_to_string(record)).reveal() == TEXT


def test_it_is_in_no_form(safe: Any) -> None:
    assert list(modelform_factory(safe, fields="__all__").base_fields) == ["name"]


def test_it_cannot_be_searched_for(safe: Any) -> None:
    safe.objects.create(key=TEXT)
    for lookup in ("key", "key__contains", "key__in", "key__gt"):
        with pytest.raises(FieldError):
            list(safe.objects.filter(**{lookup: TEXT}))
    assert safe.objects.filter(former__isnull=True).count() == 1


def test_a_secret_that_was_not_given_is_refused_by_the_database(safe: Any) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        safe.objects.create()


def test_it_survives_every_way_of_writing(safe: Any) -> None:
    one, two = safe.objects.bulk_create([safe(key=TEXT), safe(key=seal("from a COPY"))])
    safe.objects.filter(pk=one.pk).update(key="updated", former=TEXT)
    two.key = "set"
    safe.objects.bulk_update([two], ["key"])
    assert [record.key.reveal() for record in safe.objects.order_by("pk")] == ["updated", "set"]
    assert safe.objects.values_list("key", "former").get(pk=one.pk)[1].reveal() == TEXT
    deferred = safe.objects.defer("key").get(pk=one.pk)
    assert deferred.get_deferred_fields() == {"key"} and deferred.key.reveal() == "updated"
    deferred.former = None
    deferred.save()
    assert safe.objects.get(pk=one.pk).former is None


@isolate_apps()
def test_a_trail_that_keeps_a_secret_is_refused() -> None:
    def tracked(**options: Any) -> Any:
        class Vault(models.Model):  # noqa: DJ008
            key = SealedTextField()

            class Meta:
                app_label = "operations"

        pghistory.track(pghistory.InsertEvent(), **options)(Vault)
        return Vault

    (fault,) = [found for found in tracked().check() if found.id == "operations.E001"]
    assert "exclude=['key']" in fault.hint


@isolate_apps()
def test_a_trail_that_leaves_the_secret_out_is_fine() -> None:
    class Vitrine(models.Model):  # noqa: DJ008
        key = SealedTextField()

        class Meta:
            app_label = "operations"

    pghistory.track(pghistory.InsertEvent(), exclude=["key"])(Vitrine)
    assert not [found for found in Vitrine.check() if found.id == "operations.E001"]


# --- new keys


def test_after_a_new_key_every_secret_is_sealed_by_it(safe: Any, settings: Any) -> None:
    settings.SECRETS_KEYS = [OLD]
    safe.objects.bulk_create([safe(key=f"code-{number}") for number in range(7)])
    settings.SECRETS_KEYS = [NEW, OLD]
    safe.objects.create(key="new already")
    field, steps = safe._meta.get_field("key"), []
    before = in_the_table(safe)[-1]
    assert rotate_field(safe, field, chunk=3, progress=steps.append) == (7, []) and steps == [3, 6, 7]
    settings.SECRETS_KEYS = [NEW]
    assert [record.key.reveal() for record in safe.objects.order_by("pk")] == [
        *(f"code-{number}" for number in range(7)), "new already",
    ]  # fmt: skip
    assert in_the_table(safe)[-1] == before
    assert rotate_field(safe, field) == (0, [])


def test_the_command_says_what_is_left_and_does_it(safe: Any, settings: Any, monkeypatch: Any) -> None:
    fields = [(safe, safe._meta.get_field(name)) for name in ("key", "former")]
    monkeypatch.setattr(rotate_secrets, "sealed_fields", lambda: iter(fields))
    settings.SECRETS_KEYS = [OLD]
    safe.objects.create(key="a", former="b")
    settings.SECRETS_KEYS = [NEW, OLD]
    safes = ["operations.Safe.key: 1", "operations.Safe.former: 1"]
    assert run("--check") == (1, [f"{line} sealed by an older key" for line in safes], "")
    assert run() == (0, [f"{line} sealed anew" for line in safes], "")
    assert run("--check")[0] == 0 and not stale(*fields[0]).exists()


def test_a_secret_that_no_key_opens_is_named_and_left_while_the_others_are_done(
    safe: Any, settings: Any, monkeypatch: Any
) -> None:
    monkeypatch.setattr(rotate_secrets, "sealed_fields", lambda: iter([(safe, safe._meta.get_field("key"))]))
    settings.SECRETS_KEYS = [OLD]
    lost = safe.objects.create(key="lost")
    settings.SECRETS_KEYS = [NEW]
    safe.objects.create(key=b"\x01damaged")
    code, _said, warned = run()
    assert code == 1 and f"{lost.pk}" in warned and f"{lost.pk + 1}" in warned
    settings.SECRETS_KEYS = [NEW, OLD]
    assert safe.objects.get(pk=lost.pk).key.reveal() == "lost"


def run(*options: str) -> tuple[int, list[str], str]:
    out, err = io.StringIO(), io.StringIO()
    try:
        translation.activate("en")
        call_command("rotate_secrets", *options, stdout=out, stderr=err)
        code = 0
    except SystemExit as stop:
        code = int(stop.code or 0)
    return code, out.getvalue().splitlines(), err.getvalue()

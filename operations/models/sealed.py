"""The field of a secret: sealed at rest, and never shown by accident."""

from base64 import b64decode, b64encode
from typing import Any

from django.core import checks
from django.db import models
from django.db.models.query_utils import DeferredAttribute
from django.utils.translation import gettext_lazy as _

from operations.crypto import open_sealed, seal

#: What is shown instead of a secret.
DOTS = "••••••"


class Secret:
    """A secret as the database holds it: sealed. Only `reveal()` opens it; nothing prints, logs or pickles the text."""

    __slots__ = ("sealed",)

    def __init__(self, sealed: bytes) -> None:
        self.sealed = sealed

    @classmethod
    def of(cls, text: str) -> "Secret":
        """The secret `text`, sealed by the current key."""
        return cls(seal(text))

    def reveal(self) -> str:
        """The text itself, to be used and forgotten; SecretsError."""
        return open_sealed(self.sealed)

    def __str__(self) -> str:
        return DOTS

    def __repr__(self) -> str:
        return f"<Secret {DOTS}>"

    def __eq__(self, other: object) -> bool:
        """Whether it is the same seal: two of the same text differ."""
        return isinstance(other, Secret) and other.sealed == self.sealed

    def __hash__(self) -> int:
        return hash(self.sealed)

    def __deepcopy__(self, memo: dict[int, Any]) -> "Secret":
        return self


def sealed_value(value: Any) -> Any:
    """A Secret of text, or of bytes that are sealed already; None, Secrets and expressions as they are."""
    if value is None or isinstance(value, Secret) or hasattr(value, "resolve_expression"):
        return value
    return Secret.of(value) if isinstance(value, str) else Secret(bytes(value))


class _Attribute(DeferredAttribute):
    """The attribute of a model: whatever is put there is sealed at once, so that no instance ever holds the text."""

    def __set__(self, instance: models.Model, value: Any) -> None:
        instance.__dict__[self.field.attname] = sealed_value(value)


class SealedTextField(models.BinaryField):  # type: ignore[type-arg]
    """Text that is encrypted at rest (bytea). Write a str (or a Secret), read a Secret; None where `null=True`.

    It is in no form, no event of the audit trail (a check sees to that: `@track(exclude=[...])`) and no query but
    `isnull`: to find a secret, keep its `keyed_hash` beside it. `bytes` are taken for sealed, as `seal_many` makes
    them for a COPY.
    """

    description = _("Text, encrypted at rest")
    descriptor_class = _Attribute
    # A secret that was not given is none, which NOT NULL refuses.
    empty_strings_allowed = False

    def to_python(self, value: Any) -> Any:
        """What a dump holds (the seal in base64), as a Secret; anything else as `sealed_value` takes it."""
        return Secret(b64decode(value)) if isinstance(value, str) else sealed_value(value)

    def from_db_value(self, value: bytes | None, expression: Any, connection: Any) -> Secret | None:
        return None if value is None else Secret(bytes(value))

    def get_prep_value(self, value: Any) -> Any:
        secret = sealed_value(value)
        return secret.sealed if isinstance(secret, Secret) else secret

    def value_to_string(self, obj: models.Model) -> str:
        """Sealed and in base64, for the copies that `dumpdata` makes."""
        secret = self.value_from_object(obj)
        return b64encode(secret.sealed).decode("ascii") if secret else ""

    def get_lookup(self, lookup_name: str) -> Any:
        """Nothing but `isnull`: two seals of one text differ."""
        return super().get_lookup(lookup_name) if lookup_name == "isnull" else None

    def check(self, **kwargs: Any) -> list[checks.CheckMessage]:
        return [*super().check(**kwargs), *self._check_trail()]

    def _check_trail(self) -> list[checks.CheckMessage]:
        """An event would keep a sealed secret for ever, out of the reach of `rotate_secrets`."""
        events = getattr(self.model, "pgh_event_models", {}).values()
        if all(field.name != self.name for event in events for field in event._meta.concrete_fields):
            return []
        return [
            checks.Error(
                "The audit trail keeps a sealed field.", hint=f"@track(exclude=[{self.name!r}])", obj=self,
                id="operations.E001",
            )
        ]

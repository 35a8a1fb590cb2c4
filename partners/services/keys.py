"""Keys shared with partners: made here or entered, two valid at once of a direction, so that one can follow another.

A change of key: make the second (both sign or verify from then on), let the partner take it, revoke the first or give
it an end. The secret is sealed at rest; whoever makes one sees it once. The trail (partners_partnerkeyevent) keeps who
did it and why, without the secret.
"""

import hashlib
from base64 import b64encode
from datetime import datetime
from secrets import token_bytes
from typing import NamedTuple

from django.db import transaction

from operations.audit import because
from operations.models import User
from operations.proofs import demand_proof
from operations.webhooks import PREFIX, key_of
from partners.errors import KeyFormError, KeyOverError, KeySpentError, KeyTimeError, TwoKeysError
from partners.models import Partner, PartnerKey

#: What Standard Webhooks recommends; entered ones may be up to 64.
SECRET_BYTES, MOST_BYTES = 24, 64
#: How many may be valid at a time, by their places.
SLOTS = (1, 2)


class NewKey(NamedTuple):
    """A key with its secret: this is the only time that anybody sees it."""

    key: PartnerKey
    secret: str


def secrets_of(partner: Partner, direction: str, at: datetime) -> list[str]:
    """The secrets that are valid at that instant, newest first: the first one signs, all of them verify."""
    return [key.secret.reveal() for key in PartnerKey.objects.valid(at=at).filter(partner=partner, direction=direction)]


def make_key(
    partner: Partner, direction: str, *, at: datetime, actor: User | None, reason: str = "",
    starts_at: datetime | None = None,
) -> NewKey:
    """A new secret, valid from `starts_at` on (None: at once). TwoKeysError."""
    secret = f"{PREFIX}{b64encode(token_bytes(SECRET_BYTES)).decode()}"
    key = enter_key(partner, direction, secret, at=at, actor=actor, reason=reason, starts_at=starts_at)
    return NewKey(key, secret)


@transaction.atomic
def enter_key(
    partner: Partner, direction: str, secret: str, *, at: datetime, actor: User | None, reason: str = "",
    starts_at: datetime | None = None,
) -> PartnerKey:
    """Keep a secret that the partner made. KeyFormError, KeySpentError, TwoKeysError; locks the partner.

    Who has not proved it lately says once more who they are: whoever gives out a key can speak for either side.
    """
    demand_proof(at=at)
    secret = secret.strip()
    if not is_secret(secret):
        raise KeyFormError
    Partner.objects.select_for_update().get(pk=partner.pk)
    known = PartnerKey.objects.filter(partner=partner)
    # Nor may one secret serve both ways: what we signed would come back as theirs.
    if known.filter(fingerprint=fingerprint_of(secret)).exists():
        raise KeySpentError
    with because(reason, actor=actor):
        _make_room(partner, direction, at=at)
        taken = set(known.filter(direction=direction, revoked_at=None).values_list("slot", flat=True))
        slot = next((slot for slot in SLOTS if slot not in taken), None)
        if slot is None:
            raise TwoKeysError
        return PartnerKey.objects.create(
            partner=partner, direction=direction, slot=slot, secret=secret, fingerprint=fingerprint_of(secret),
            starts_at=starts_at or at,
        )


@transaction.atomic
def end_key(key: PartnerKey, *, ends_at: datetime, at: datetime, actor: User | None, reason: str) -> PartnerKey:
    """Let a key be valid until that instant and no longer. KeyOverError, KeyTimeError; locks the partner, then it."""
    key = _locked(key, at=at)
    if ends_at <= at or ends_at <= key.starts_at:
        raise KeyTimeError
    key.ends_at = ends_at
    with because(reason, actor=actor):
        key.save(update_fields=["ends_at"])
    return key


@transaction.atomic
def revoke_key(key: PartnerKey, *, at: datetime, actor: User | None, reason: str) -> PartnerKey:
    """Make a key worthless at once. KeyOverError when it is already; locks the partner, then the key."""
    key = _locked(key, at=at)
    key.revoked_at = at
    with because(reason, actor=actor):
        key.save(update_fields=["revoked_at"])
    return key


def is_secret(text: str) -> bool:
    """Whether it is `whsec_` and base64 of as many bytes as a key may have."""
    try:
        return SECRET_BYTES <= len(key_of(text)) <= MOST_BYTES
    except ValueError:
        return False


def fingerprint_of(secret: str) -> str:
    """The first half of the SHA-256 of the secret's text, so that the partner can work it out too."""
    return hashlib.sha256(secret.encode()).hexdigest()[:16]


def _make_room(partner: Partner, direction: str, *, at: datetime) -> None:
    """Take the places of keys whose end has come: they were worth nothing from then on."""
    over = PartnerKey.objects.filter(partner=partner, direction=direction, revoked_at=None, ends_at__lte=at)
    for key in over:
        key.revoked_at = key.ends_at
        key.save(update_fields=["revoked_at"])


def _locked(key: PartnerKey, *, at: datetime) -> PartnerKey:
    Partner.objects.select_for_update().get(pk=key.partner_id)
    key = PartnerKey.objects.select_for_update().get(pk=key.pk)
    if key.revoked_at is not None or (key.ends_at is not None and key.ends_at <= at):
        raise KeyOverError
    return key

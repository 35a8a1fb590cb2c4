"""Giving out tokens of the API, taking them back, and telling whose a token is."""

import hmac
import re
import secrets
from collections.abc import Collection
from datetime import date, datetime
from typing import NamedTuple

from django.contrib.auth.hashers import make_password
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from operations import registry
from operations.audit import because
from operations.crypto import keyed_hash
from operations.errors import PlusdeskError
from operations.models import ApiClient, User
from operations.proofs import demand_proof

_PREFIX_LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"
_TOKEN = re.compile(r"pdk_([a-z0-9]{10})_[A-Za-z0-9_-]{43}")


class UnknownScopeError(PlusdeskError):
    """No operation asks for that scope."""

    def __init__(self, scope: str) -> None:
        super().__init__(_("There is no scope “%(scope)s”.") % {"scope": scope})


class ScopesMissingError(PlusdeskError):
    """A token without a scope would be good for nothing."""

    def __init__(self) -> None:
        super().__init__(_("Choose what the token is for."))


class NameTakenError(PlusdeskError):
    """A client whose token is valid has that name."""

    http_status = 409

    def __init__(self, name: str) -> None:
        super().__init__(_("There is an API client “%(name)s” already.") % {"name": name})


class RevokedError(PlusdeskError):
    """The client's token is revoked already."""

    http_status = 409

    def __init__(self) -> None:
        super().__init__(_("The token is revoked already."))


class Made(NamedTuple):
    """A client and its token, which nobody will see again."""

    client: ApiClient
    token: str


def make_client(name: str, scopes: Collection[str], *, reason: str, actor: User, at: datetime) -> Made:
    """A client with a token and a user of its own. UnknownScopeError, ScopesMissingError, NameTakenError.

    The user belongs to no group: what approvals ask of a person, somebody grants it by putting it into one. Who has not
    proved it lately says once more who they are.
    """
    demand_proof(at=at)
    name = name.strip()
    if not scopes:
        raise ScopesMissingError
    for scope in scopes:
        if registry.api_scopes.find(scope) is None:
            raise UnknownScopeError(scope)
    prefix = "".join(secrets.choice(_PREFIX_LETTERS) for _letter in range(10))
    token = f"pdk_{prefix}_{secrets.token_urlsafe(32)}"
    try:
        with transaction.atomic(), because(reason, actor=actor):
            user = User.objects.create(
                username=f"api-{prefix}", first_name=name, password=make_password(None), is_staff=False, date_joined=at
            )
            client = ApiClient.objects.create(
                name=name, prefix=prefix, token_hash=_hash(token), scopes=sorted(set(scopes)), user=user,
                created_at=at,
            )
    except IntegrityError as error:
        if "api_client_name_once" not in str(error):
            raise
        raise NameTakenError(name) from error
    return Made(client, token)


def revoke_client(client: ApiClient, *, reason: str, actor: User, on: date) -> ApiClient:
    """The token is not taken any more, from the next request on; its user is made inactive. RevokedError."""
    with transaction.atomic(), because(reason, actor=actor):
        locked = ApiClient.objects.select_for_update(of=("self",)).select_related("user").get(pk=client.pk)
        if locked.revoked_on is not None:
            raise RevokedError
        locked.revoked_on, locked.user.is_active = on, False
        locked.save(update_fields=["revoked_on"])
        locked.user.save(update_fields=["is_active"])
    return locked


def find_client(token: str) -> ApiClient | None:
    """Whose valid token it is, with their user; None where it is nobody's."""
    match = _TOKEN.fullmatch(token)
    if match is None:
        return None
    client = ApiClient.objects.valid().select_related("user").filter(prefix=match[1]).first()
    if client is None or not hmac.compare_digest(bytes(client.token_hash), _hash(token)):
        return None
    return client


def note_use(client: ApiClient, *, on: date) -> None:
    """The day on which the token was last used; written once a day."""
    if client.last_used_on is None or client.last_used_on < on:
        unused = Q(last_used_on=None) | Q(last_used_on__lt=on)
        ApiClient.objects.filter(unused, pk=client.pk).update(last_used_on=on)


def _hash(token: str) -> bytes:
    return keyed_hash(token, purpose="api token")

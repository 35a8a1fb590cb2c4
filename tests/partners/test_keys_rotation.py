"""Keys shared with partners: made, entered, changed without a gap, revoked; and nobody reads a secret twice."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from operations import webhooks
from operations.models.sealed import DOTS
from operations.webhooks import BadSignatureError
from partners.errors import KeyFormError, KeyOverError, KeySpentError, KeyTimeError, TwoKeysError
from partners.models import Partner, PartnerKey
from partners.services.keys import end_key, enter_key, fingerprint_of, make_key, revoke_key, secrets_of
from tests.memberships.factories import an_operator, last_event
from tests.partners.partner_stories import a_partner, secret_of

pytestmark = pytest.mark.django_db

AT = datetime(2027, 1, 15, 2, 0, tzinfo=UTC)
OURS, THEIRS = PartnerKey.Direction.OURS, PartnerKey.Direction.THEIRS
ENTERED = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def made(partner: Partner, direction: str = THEIRS, **facts: Any) -> Any:
    return make_key(partner, direction, **{"at": AT, "actor": None, "reason": "yearly change", **facts})


def test_key_is_made_and_its_secret_is_told_once() -> None:
    partner = a_partner(has_keys=False)
    key, secret = made(partner)
    assert webhooks.verify(webhooks.sign(secret, id="e1", at=AT, body=b"{}"), b"{}", [secret], now=AT) == "e1"
    assert secrets_of(partner, THEIRS, AT) == [secret]
    kept = PartnerKey.objects.get()
    assert (str(kept), kept.fingerprint, str(kept.secret)) == (key.fingerprint, fingerprint_of(secret), DOTS)
    with connection.cursor() as cursor:
        cursor.execute("SELECT secret FROM partners_partnerkey")
        assert secret.encode() not in bytes(cursor.fetchone()[0]), "it is sealed at rest"


def test_the_trail_says_who_and_why_but_no_secret() -> None:
    operator = an_operator()
    key, _secret = made(a_partner(has_keys=False), actor=operator)
    revoke_key(key, at=AT, actor=operator, reason="leaked")
    event = last_event(key)
    assert (event.pgh_context["user"], event.pgh_context["reason"]) == (operator.pk, "leaked")
    assert "secret" not in event.pgh_data


def test_keys_are_changed_without_a_gap() -> None:
    """Two verify while the partner changes over; the newer one signs; then the older is given its end."""
    partner = a_partner(has_keys=False)
    old, old_secret = made(partner, OURS)
    _new, new_secret = made(partner, OURS, at=AT + timedelta(hours=1))
    later = AT + timedelta(hours=2)
    assert secrets_of(partner, OURS, later) == [new_secret, old_secret]
    end_key(old, ends_at=AT + timedelta(days=7), at=later, actor=None, reason="changed over")
    assert secrets_of(partner, OURS, AT + timedelta(days=6)) == [new_secret, old_secret]
    assert secrets_of(partner, OURS, AT + timedelta(days=7)) == [new_secret]
    assert secrets_of(partner, THEIRS, later) == [], "the other direction has keys of its own"


def test_third_key_waits_until_one_is_revoked_or_over() -> None:
    partner = a_partner(has_keys=False)
    first, _secret = made(partner)
    made(partner)
    with pytest.raises(TwoKeysError):
        made(partner)
    end_key(first, ends_at=AT + timedelta(days=1), at=AT, actor=None, reason="old")
    with pytest.raises(TwoKeysError):
        made(partner)
    made(partner, at=AT + timedelta(days=1))
    first.refresh_from_db()
    assert first.revoked_at == AT + timedelta(days=1), "its place was taken when its end had come"
    with pytest.raises(IntegrityError), transaction.atomic():
        PartnerKey.objects.create(
            partner=partner, direction=THEIRS, slot=1, secret=ENTERED, fingerprint="x", starts_at=AT
        )


def test_revoked_key_verifies_nothing_any_more() -> None:
    partner = a_partner()
    (key,) = PartnerKey.objects.filter(partner=partner, direction=THEIRS)
    revoke_key(key, at=AT, actor=None, reason="leaked")
    assert secrets_of(partner, THEIRS, AT) == []
    signed = webhooks.sign(secret_of("iqiyi"), id="e1", at=AT, body=b"{}")
    with pytest.raises(BadSignatureError):
        webhooks.verify(signed, b"{}", secrets_of(partner, THEIRS, AT), now=AT)
    for change in (lambda: revoke_key(key, at=AT, actor=None, reason="again"), lambda: end_key(
        key, ends_at=AT + timedelta(days=1), at=AT, actor=None, reason="again"
    )):
        with pytest.raises(KeyOverError):
            change()


def test_secret_of_the_partner_is_entered_as_it_was_given() -> None:
    partner = a_partner(has_keys=False)
    key = enter_key(partner, THEIRS, f"  {ENTERED}\n", at=AT, actor=None, starts_at=AT + timedelta(days=1))
    assert secrets_of(partner, THEIRS, AT) == [], "it begins tomorrow"
    assert secrets_of(partner, THEIRS, AT + timedelta(days=1)) == [ENTERED]
    with pytest.raises(KeyTimeError):
        end_key(key, ends_at=AT + timedelta(hours=1), at=AT, actor=None, reason="before it begins")


@pytest.mark.parametrize("direction", [OURS, THEIRS])
def test_no_secret_is_used_twice_nor_both_ways(direction: str) -> None:
    partner = a_partner(has_keys=False)
    revoke_key(enter_key(partner, THEIRS, ENTERED, at=AT, actor=None), at=AT, actor=None, reason="leaked")
    with pytest.raises(KeySpentError):
        enter_key(partner, direction, ENTERED, at=AT, actor=None)


@pytest.mark.parametrize(
    "text", ["", "whsec_", "secret", "whsec_c2hvcnQ=", f"whsec_{'AAAA' * 40}", ENTERED[6:], "whsec_é", "whsec_a\0b"]
)
def test_what_is_no_secret_is_not_kept(text: str) -> None:
    with pytest.raises(KeyFormError):
        enter_key(a_partner(has_keys=False), THEIRS, text, at=AT, actor=None)
    assert not PartnerKey.objects.exists()

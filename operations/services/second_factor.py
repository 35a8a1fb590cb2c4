"""The second factor: enrolling with a phone, its codes and those for a lost phone, and taking it away.

The arithmetic of the codes is django-otp's. Its tables are not used: they hold keys and recovery codes in clear, and
ask the clock themselves.
"""

import secrets
from base64 import b32decode, b32encode
from datetime import datetime
from urllib.parse import quote, urlencode

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django_otp.oath import TOTP

from operations.audit import because
from operations.crypto import keyed_hash
from operations.errors import PlusdeskError
from operations.models import RecoveryCode, SecondFactor, User

#: Seconds that a code lives; so many codes before and after the present one are taken, for clocks that differ.
STEP, TOLERANCE = 30, 1
RECOVERY_CODES = 10
#: Without letters and digits that look alike.
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
ISSUER = "Plusdesk"


class CodeRefusedError(PlusdeskError):
    """It is no code of that phone at this moment, or one that was used already."""

    def __init__(self) -> None:
        super().__init__(_("This code is wrong or was used already. Codes change every 30 seconds."))


class EnrolledAlreadyError(PlusdeskError):
    """The user has a second factor; it has to be taken away before another one comes."""

    http_status = 409

    def __init__(self) -> None:
        super().__init__(_("There is a second factor already."))


class NotEnrolledError(PlusdeskError):
    """The user has no second factor."""

    http_status = 409

    def __init__(self) -> None:
        super().__init__(_("There is no second factor."))


def factor_of(user: User) -> SecondFactor | None:
    """The user's second factor, if they have one. Without a query where DeskBackend read the user."""
    return getattr(user, "second_factor", None)


def new_key() -> str:
    """A key for a phone: 160 bits in base32."""
    return b32encode(secrets.token_bytes(20)).decode("ascii")


def enrolment_uri(user: User, key: str) -> str:
    """What the QR code says to an authenticator app."""
    label = quote(f"{ISSUER}:{user.get_username()}")
    return f"otpauth://totp/{label}?{urlencode({'secret': key, 'issuer': ISSUER, 'period': STEP})}"


def enrol(user: User, key: str, code: str, *, at: datetime) -> list[str]:
    """Make the phone that shows `code` the user's second factor; the recovery codes, which nobody sees again.

    CodeRefusedError, EnrolledAlreadyError.
    """
    step = _step_of(key, _digits(code), after=0, at=at)
    if step is None:
        raise CodeRefusedError
    try:
        with transaction.atomic(), because(_("second factor enrolled"), actor=user):
            factor = SecondFactor.objects.create(user=user, key=key, enrolled_at=at, last_step=step)
            return _make_recovery_codes(factor)
    except IntegrityError as error:
        raise EnrolledAlreadyError from error


def take_code(user: User, code: str, *, at: datetime) -> None:
    """Take a code of the phone, or a recovery code, once. CodeRefusedError, NotEnrolledError.

    Locks the factor: of two at once with the same code one is refused.
    """
    with transaction.atomic():
        factor = SecondFactor.objects.select_for_update().filter(user=user).first()
        if factor is None:
            raise NotEnrolledError
        text = code.strip().lower().replace("-", "").replace(" ", "")
        step = _step_of(factor.key.reveal(), text, after=factor.last_step, at=at)
        if step is not None:
            factor.last_step = step
            factor.save(update_fields=["last_step"])
        elif not _use_recovery_code(factor, text, at=at):
            raise CodeRefusedError


def renew_recovery_codes(user: User) -> list[str]:
    """Ten new recovery codes; the old ones are good for nothing any more. NotEnrolledError."""
    with transaction.atomic(), because(_("new recovery codes"), actor=user):
        factor = SecondFactor.objects.select_for_update().filter(user=user).first()
        if factor is None:
            raise NotEnrolledError
        factor.recovery_codes.all().delete()
        return _make_recovery_codes(factor)


def remove_factor(user: User, *, reason: str, actor: User | None) -> None:
    """Take the second factor away; sessions that it was proved in end with it. NotEnrolledError."""
    with transaction.atomic(), because(reason, actor=actor):
        factor = SecondFactor.objects.select_for_update().filter(user=user).first()
        if factor is None:
            raise NotEnrolledError
        factor.delete()


def recovery_codes_left(factor: SecondFactor) -> int:
    """How many recovery codes were not used yet."""
    return factor.recovery_codes.filter(used_at=None).count()


def _step_of(key: str, code: str, *, after: int, at: datetime) -> int | None:
    """The time step that a six-digit code is of, if it is one of those around `at` and later than `after`."""
    if len(code) != 6 or not (code.isascii() and code.isdecimal()):
        return None
    codes = TOTP(b32decode(key), step=STEP)
    codes.time = at.timestamp()
    # It leaves in `drift` which of the steps it was.
    return codes.t() if codes.verify(int(code), tolerance=TOLERANCE, min_t=after + 1) else None


def _digits(code: str) -> str:
    return "".join(code.split())


def _make_recovery_codes(factor: SecondFactor) -> list[str]:
    codes = ["".join(secrets.choice(_LETTERS) for _letter in range(10)) for _code in range(RECOVERY_CODES)]
    RecoveryCode.objects.bulk_create(RecoveryCode(factor=factor, code_hash=_hash(factor, code)) for code in codes)
    return [f"{code[:5]}-{code[5:]}" for code in codes]


def _use_recovery_code(factor: SecondFactor, text: str, *, at: datetime) -> bool:
    with because(_("recovery code used"), actor=factor.user):
        found = factor.recovery_codes.filter(code_hash=_hash(factor, text), used_at=None)
        return bool(found.update(used_at=at))


def _hash(factor: SecondFactor, code: str) -> bytes:
    return keyed_hash(f"{factor.user_id} {code}", purpose="recovery code")

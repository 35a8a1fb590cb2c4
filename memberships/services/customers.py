"""Enterprise customers: changing what is known of a firm, one at a time (many at a time are imported)."""

import hashlib
import json
import unicodedata
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _
from stdnum.cn import uscc
from stdnum.exceptions import ValidationError as NumberError

from memberships.models import EnterpriseCustomer
from memberships.services.closures import refuse_closed
from memberships.services.members import lock_member
from operations.audit import because
from operations.errors import PlusdeskError
from operations.models import User
from operations.services.reveals import ReasonMissingError
from operations.widths import fold_width

#: What may be changed by hand.
FIELDS = (
    "legal_name", "credit_code", "external_id", "province", "city", "industry", "size", "flags", "remarks",
)


class CustomerInvalidError(PlusdeskError):
    """What was given is not valid; `faults` maps fields to messages."""

    def __init__(self, faults: Mapping[str, list[str]]) -> None:
        self.faults = dict(faults)
        super().__init__(" ".join(message for messages in self.faults.values() for message in messages))


class CustomerChangedError(PlusdeskError):
    """Somebody else changed the customer since it was shown."""

    def __init__(self) -> None:
        super().__init__(_("Somebody changed this customer meanwhile. Look at it again, then change it."))


def fingerprint(customer: EnterpriseCustomer) -> str:
    """What a customer's fields add up to; another value means that somebody changed one."""
    values = json.dumps({name: getattr(customer, name) for name in FIELDS}, sort_keys=True)
    return hashlib.sha256(values.encode()).hexdigest()


@transaction.atomic
def change_customer(
    customer: EnterpriseCustomer, *, changes: Mapping[str, Any], reason: str, actor: User | None,
    seen: str | None = None,
) -> EnterpriseCustomer:
    """Change fields of a firm. Blank text stays blank; a blank external id is none. Nothing to change is fine.

    `seen` is the fingerprint of what the operator looked at.
    Raises ReasonMissingError, AccountClosedError, CustomerChangedError, CustomerInvalidError.
    """
    if not reason.strip():
        raise ReasonMissingError
    refuse_closed(lock_member(customer.pk))
    customer = EnterpriseCustomer.objects.get(pk=customer.pk)
    if seen is not None and seen != fingerprint(customer):
        raise CustomerChangedError
    changed = _apply(customer, changes)
    if changed:
        _validate(customer)
        with because(reason.strip(), actor=actor):
            customer.save(update_fields=changed)
    return customer


def _apply(customer: EnterpriseCustomer, changes: Mapping[str, Any]) -> list[str]:
    """Set the fields that differ, normalised as an import would; return their names."""
    changed = []
    for name, value in changes.items():
        if name not in FIELDS:
            raise ValueError(f"{name} is not changed by hand")
        value = _normalised(name, value)
        if value != getattr(customer, name):
            setattr(customer, name, value)
            changed.append(name)
    return changed


def _normalised(name: str, value: Any) -> Any:
    if name == "flags":
        return sorted(set(value))
    text = (value or "").strip()
    if name == "remarks":
        return text
    if name == "credit_code":
        return uscc.compact(unicodedata.normalize("NFKC", text))
    text = fold_width(text).strip()
    if name == "external_id":
        return text or None
    return text


def _validate(customer: EnterpriseCustomer) -> None:
    """The credit code by its standard; fields, checks and uniqueness by Django."""
    faults: dict[str, list[str]] = {}
    unchecked = {"member"}
    try:
        uscc.validate(customer.credit_code)
    except NumberError:
        faults["credit_code"] = [_("This is no unified social credit code: its length or check character is wrong.")]
        unchecked.add("credit_code")
    try:
        customer.full_clean(exclude=unchecked)
    except ValidationError as error:
        faults |= error.message_dict
    if faults:
        raise CustomerInvalidError(faults)

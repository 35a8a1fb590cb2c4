"""Whom to call at a partner. Contracts, limits and offers stand in programme files, keys in keys.py."""

from django.db import transaction

from operations.audit import because
from operations.models import User
from partners.models import Partner, PartnerContact


@transaction.atomic
def add_contact(
    partner: Partner, *, name: str, role: str = "", mobile: str = "", email: str = "", actor: User | None, reason: str
) -> PartnerContact:
    """One more person there; the trail keeps them masked."""
    with because(reason, actor=actor):
        return PartnerContact.objects.create(partner=partner, name=name, role=role, mobile=mobile, email=email)


@transaction.atomic
def remove_contact(contact: PartnerContact, *, actor: User | None, reason: str) -> None:
    """Erase a person's data; that there was a contact stays in the trail, masked."""
    with because(reason, actor=actor):
        contact.delete()

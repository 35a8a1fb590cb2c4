"""What members are given, and what becomes of it, reaches partners at once and not with the next tick."""

from typing import Any

from benefits.models import Grant
from benefits.signals import benefit_granted, grant_changed
from partners.models import Fulfilment
from partners.services.fulfilments import nudge_on_commit


def tell_partners(sender: Any, *, grant: Grant, **_facts: Any) -> None:
    """The trigger on grants has queued what there is to tell; a worker is nudged on commit."""
    if Fulfilment.objects.filter(grant=grant).exists():
        nudge_on_commit()


def connect() -> None:
    """Called once, when Django starts."""
    for signal in (benefit_granted, grant_changed):
        signal.connect(tell_partners, dispatch_uid="partners.tell_partners")

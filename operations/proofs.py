"""A proof asked for again: what a service demands before money and personal data.

Where a person at a desk asks, `security/step_up.py` says here when they last proved who they are, and asks them again
when a service finds that too long ago. Where nobody at a desk asks (jobs, commands, the API) nothing is demanded.
"""

from contextvars import ContextVar
from datetime import datetime, timedelta

from django.conf import settings

#: When the person whose request is being answered last proved who they are; None: nobody at a desk asks.
proved_at: ContextVar[datetime | None] = ContextVar("proved_at", default=None)


class ProofNeeded(Exception):  # noqa: N818
    """Not an error of the house, which pages would show beside their form: it goes past them to the middleware."""


def demand_proof(*, at: datetime) -> None:
    """Go on only if whoever asks has proved lately (STEP_UP_MINUTES) who they are. ProofNeeded."""
    held = proved_at.get()
    if held is not None and settings.STEP_UP_MINUTES and held + timedelta(minutes=settings.STEP_UP_MINUTES) < at:
        raise ProofNeeded

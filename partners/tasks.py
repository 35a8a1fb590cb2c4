"""Celery's side of this floor: nudges. The rules are in services/."""

from celery import shared_task
from django.utils import timezone

from operations import registry


@shared_task
def send_commands() -> None:
    """Send what was just queued; what a lost nudge leaves there is for the next tick."""
    registry.jobs.get("fulfil_benefits").tick(at=timezone.now())

"""Settings for a beat that only hands runs to workers again: the nights of today are no part of the story."""

from config.settings import *  # noqa: F403
from config.settings import CELERY_BEAT_SCHEDULE as HOUSE

CELERY_BEAT_SCHEDULE = {"dispatch-runs": {**HOUSE["dispatch-runs"], "schedule": 0.5}}

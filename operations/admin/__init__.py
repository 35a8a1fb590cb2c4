"""The admin pages of the ground floor, and the base classes of all the others."""

from operations.admin import audit, imports, jobs, outbox, users

__all__ = ["audit", "imports", "jobs", "outbox", "users"]

"""The admin pages of the ground floor, and the base classes of all the others."""

from operations.admin import approval_limits, approvals, audit, imports, jobs, notices, outbox, users

__all__ = ["approval_limits", "approvals", "audit", "imports", "jobs", "notices", "outbox", "users"]

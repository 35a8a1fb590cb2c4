"""The admin pages of the ground floor, and the base classes of all the others."""

from operations.admin import (
    api_clients,
    approval_limits,
    approvals,
    audit,
    bulk_changes,
    digests,
    imports,
    jobs,
    list_exports,
    notices,
    outbox,
    trail,
    users,
)

__all__ = [
    "api_clients", "approval_limits", "approvals", "audit", "bulk_changes", "digests", "imports", "jobs",
    "list_exports", "notices", "outbox", "trail", "users",
]

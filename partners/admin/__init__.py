"""The admin pages of partners, one file per noun."""

from partners.admin import (
    contacts,
    dead_letters,
    events,
    files,
    fulfilments,
    health,
    keys,
    offers,
    partners,
    settlements,
    statement_lines,
    statements,
    status_matches,
    vouchers,
    work_list,
)

__all__ = [
    "contacts", "dead_letters", "events", "files", "fulfilments", "health", "keys", "offers", "partners",
    "settlements", "statement_lines", "statements", "status_matches", "vouchers", "work_list",
]

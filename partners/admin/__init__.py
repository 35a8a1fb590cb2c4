"""The admin pages of partners, one file per noun."""

from partners.admin import (
    contacts,
    dead_letters,
    events,
    fulfilments,
    health,
    keys,
    offers,
    partners,
    settlements,
    statement_lines,
    statements,
    status_matches,
)

__all__ = [
    "contacts", "dead_letters", "events", "fulfilments", "health", "keys", "offers", "partners", "settlements",
    "statement_lines", "statements", "status_matches",
]

"""The admin pages of partners, one file per noun."""

from partners.admin import contacts, dead_letters, events, fulfilments, health, keys, offers, partners

__all__ = ["contacts", "dead_letters", "events", "fulfilments", "health", "keys", "offers", "partners"]

"""Floor 1: runs, imports, the audit trail and the admin's base classes. Knows nothing of members."""

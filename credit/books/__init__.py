"""The checks of this floor's books: one class for each kind of thing, its statements in sql/books/.

A statement is named after what it finds wrong, and returns a row for each time it does: key, member, what was expected,
what was found. It reads only, in one range of keys, and takes no locks.
"""

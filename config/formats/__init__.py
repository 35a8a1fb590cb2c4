"""Numbers and dates at the desk, by language: short, sortable dates, and separators that Django's Chinese lacks."""

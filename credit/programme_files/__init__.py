"""The section of programme files that says how a programme gives credit."""

from credit.programme_files.credit import Credit

SECTIONS = (Credit,)

"""The bulk-import engine: decode, parse, normalise, check, stage, compare, apply, report.

An importer (registered by an upper floor) says what the columns are and how rows meet the business tables;
everything else is here and is the same for every kind of file.
"""

-- The limit's UPDATE of the lots, which ours does not make: see models/points.py.
UPDATE memberships_pointslot SET remaining = 0 WHERE expires_on <= %(on)s AND remaining > 0

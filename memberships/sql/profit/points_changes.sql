-- The first day before another about which points of a programme were entered since an instant; NULL: none were. Found
-- by the instants' own index. Reads only.
SELECT min(entry."on")
FROM memberships_pointsentry entry
JOIN memberships_enrolment wallet ON wallet.id = entry.enrolment_id
WHERE entry.at >= %(since)s AND entry."on" < %(before)s AND wallet.programme_id = %(programme)s

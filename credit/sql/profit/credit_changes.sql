-- The first day before another about which credit of a programme was booked since an instant; NULL: none was. Found by
-- the instants' own index. Reads only.
SELECT min(entry."on")
FROM credit_creditentry entry
JOIN credit_creditline line ON line.id = entry.line_id AND line.programme_id = %(programme)s
WHERE entry.at >= %(since)s AND entry."on" < %(before)s
    AND entry.kind IN ('late_fee', 'credit_note', 'write_off', 'recover')

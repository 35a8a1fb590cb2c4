-- Ranges of ids with %(size)s available codes each whose last day is over.
SELECT min(id), max(id), count(*)
FROM (
    SELECT id, (row_number() OVER (ORDER BY id) - 1) / %(size)s AS block
    FROM partners_vouchercode
    WHERE state = 'available' AND expires_on < %(on)s
) AS over_
GROUP BY block
ORDER BY block

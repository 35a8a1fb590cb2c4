-- Make the sums of a run the rows of a programme's source, from a month on: amounts are rounded half up to the fen here,
-- once. A row that comes to nothing goes. Nothing is done where a later run has kept its own already. Touches rows and
-- sums of that programme and source only; its run is locked by who ends it. May run twice.
WITH gone AS (
    DELETE FROM memberships_profitrow kept
    WHERE kept.programme_id = %(programme)s AND kept.source = %(source)s AND kept.month >= %(first_day)s
        AND NOT EXISTS (
            SELECT FROM memberships_profitsum found
            WHERE found.run_id = %(run)s AND found.programme_id = kept.programme_id AND found.source = kept.source
                AND found.month = kept.month AND found.line = kept.line AND found.funder = kept.funder
                AND (round(found.amount, 2) <> 0 OR found.unknown <> 0)
        )
)
INSERT INTO memberships_profitrow AS kept (programme_id, month, source, line, funder, amount, unknown, as_of)
SELECT programme_id, month, source, line, funder, round(amount, 2), unknown, %(as_of)s
FROM memberships_profitsum
WHERE run_id = %(run)s AND programme_id = %(programme)s AND source = %(source)s AND month >= %(first_day)s
    AND (round(amount, 2) <> 0 OR unknown <> 0)
ORDER BY month, line, funder
ON CONFLICT (programme_id, month, line, funder) DO UPDATE
SET amount = excluded.amount, unknown = excluded.unknown, as_of = excluded.as_of, source = excluded.source

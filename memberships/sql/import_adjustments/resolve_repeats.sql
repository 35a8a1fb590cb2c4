-- Rows of the batch that say the same of the same wallet: the first stays, the others are duplicates. (Rows that differ
-- are adjustments of their own.) Touches staging rows of the batch only; a second run finds the same verdicts.
WITH numbered AS MATERIALIZED (
    SELECT line, row_number() OVER (
        PARTITION BY member_number, programme_id, scope, points, code, reason ORDER BY line
    ) AS place
    FROM memberships_staged_adjustment
    WHERE batch_id = %(batch)s AND verdict = 'new'
)
UPDATE memberships_staged_adjustment s
SET verdict = 'duplicate'
FROM numbered
WHERE s.batch_id = %(batch)s AND s.line = numbered.line AND numbered.place > 1

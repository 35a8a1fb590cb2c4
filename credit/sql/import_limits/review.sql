-- Write what the new rows of these lines of the file say of their credit lines, as services/line_changes.py does for one:
-- another version from today where limit or terms are others, and the day of the next review.
-- The credit lines are locked already. Writes versions and lines; the rows are noted right after, in the same
-- transaction, and a line that stands as its row says is not written again.
WITH rows_to_write AS MATERIALIZED (
    SELECT
        s.line, s.object_id AS line_id, s.member_id, s.terms, s.review_on, s.reason, s.seen,
        coalesce(s.wanted_limit, there."limit") AS "limit", there."limit" AS old_limit, there.terms AS old_terms
    FROM credit_staged_limit s
    JOIN LATERAL (
        SELECT version."limit", version.terms
        FROM credit_lineversion version
        WHERE version.line_id = s.object_id AND version.starts_on <= %(on)s
        ORDER BY version.starts_on DESC, version.number DESC
        LIMIT 1
    ) AS there ON true
    WHERE s.batch_id = %(batch)s AND s.line = ANY (%(lines)s) AND s.verdict = 'new'
),
reviewed AS (
    UPDATE credit_creditline line
    SET review_on = wanted.review_on
    FROM rows_to_write wanted
    WHERE line.id = wanted.line_id AND wanted.review_on IS NOT NULL AND line.review_on IS DISTINCT FROM wanted.review_on
)
INSERT INTO credit_lineversion
    (line_id, member_id, number, "limit", terms, starts_on, evidence, maker_id, checker_id, approval_id, reason, at)
SELECT
    wanted.line_id, wanted.member_id, wanted.seen + 1, wanted."limit", wanted.terms, %(on)s, jsonb_build_object('import', %(batch)s),
    %(maker)s, %(checker)s, %(approval)s, wanted.reason, %(at)s
FROM rows_to_write wanted
WHERE wanted."limit" <> wanted.old_limit OR wanted.terms <> wanted.old_terms

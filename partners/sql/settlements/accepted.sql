-- What the decided lines of a statement come to, by offer and amount; prepaid offers are drawn from our own records.
--   accept_theirs  what the partner bills (nothing where it has no line)
--   accept_ours    what we expect (nothing where we know of none)
--   dispute        the lower of the two, which nobody disputes; the rest comes as an adjustment of a later month
--   write_off      nothing
-- Reads only.
WITH decided AS (
    SELECT
        line.offer_id,
        CASE line.resolution
            WHEN 'accept_theirs' THEN coalesce(line.amount, 0)
            WHEN 'accept_ours' THEN coalesce(line.expected, 0)
            WHEN 'dispute' THEN least(coalesce(line.amount, 0), coalesce(line.expected, 0))
            ELSE 0
        END AS accepted
    FROM partners_statementline line
    JOIN partners_offer offer ON offer.id = line.offer_id
    WHERE line.statement_id = %(statement)s AND line.verdict <> 'matched' AND offer.settled = 'postpaid'
)
SELECT offer_id, accepted, count(*) FROM decided WHERE accepted > 0 GROUP BY offer_id, accepted ORDER BY 1, 2

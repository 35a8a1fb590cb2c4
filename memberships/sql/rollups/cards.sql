-- The cards of each programme on a day: paid for that day, paid for a day before it, past their last paid day and not
-- ended yet, asked for and not paid yet. A card that was cancelled is held until its end. What was 30 days ago is said by
-- the facts of now: a refund since then counts as if the card had ended by then. Reads all cards once, locks nothing.
SELECT
    programme_id,
    count(*) FILTER (
        WHERE started_on <= %(on)s AND paid_until >= %(on)s AND (ended_on IS NULL OR ended_on >= %(on)s)
    ) AS active,
    count(*) FILTER (
        WHERE started_on <= %(before)s AND paid_until >= %(before)s AND (ended_on IS NULL OR ended_on >= %(before)s)
    ) AS active_before,
    count(*) FILTER (WHERE ended_on IS NULL AND paid_until < %(on)s) AS unpaid,
    count(*) FILTER (WHERE ended_on IS NULL AND started_on IS NULL) AS pending
FROM memberships_subscription card
-- Of a card that went with a merge the one that goes on counts, whose days are the same.
WHERE NOT EXISTS (
    SELECT FROM memberships_mergedcard moved
    JOIN memberships_membermerge merge ON merge.id = moved.merge_id AND merge.undone_at IS NULL
    WHERE moved.former_id = card.id
)
GROUP BY programme_id
ORDER BY programme_id

-- How many members hold a card that is paid for a day, and how many did a day before it: each once, whatever they hold.
-- Reads all cards that are, or were, paid then; locks nothing.
SELECT count(*) FILTER (WHERE is_held), count(*) FILTER (WHERE was_held)
FROM (
    SELECT
        member_id,
        bool_or(started_on <= %(on)s AND paid_until >= %(on)s AND (ended_on IS NULL OR ended_on >= %(on)s)) AS is_held,
        bool_or(
            started_on <= %(before)s AND paid_until >= %(before)s AND (ended_on IS NULL OR ended_on >= %(before)s)
        ) AS was_held
    FROM memberships_subscription
    WHERE paid_until >= %(before)s AND (ended_on IS NULL OR ended_on >= %(before)s)
    GROUP BY member_id
) AS holder

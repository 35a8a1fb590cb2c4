-- Terms that do not follow the one before by number and by day; the key is the card's and the term's number.
SELECT subscription_id || '/' || number, member_id, place || ': ' || coalesce(previous_end + 1, starts_on), number || ': ' || starts_on
FROM (
    SELECT subscription_id, member_id, number, starts_on,
        lag(ends_on) OVER chain AS previous_end, row_number() OVER chain AS place
    FROM memberships_term
    WHERE member_id BETWEEN %(first)s AND %(last)s
    WINDOW chain AS (PARTITION BY member_id, subscription_id ORDER BY number)
) AS term
WHERE number <> place OR starts_on <> previous_end + 1
ORDER BY subscription_id, number

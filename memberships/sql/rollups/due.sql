-- The cards of each programme that the night of a date would charge as things stand, and for how much in CNY. Reads due
-- cards by their last paid day (memberships_due_renewals), locks nothing.
SELECT programme_id, count(*), coalesce(sum(amount), 0)
FROM memberships_due_renewals(%(on)s, 0, 9223372036854775807)
GROUP BY programme_id
ORDER BY programme_id

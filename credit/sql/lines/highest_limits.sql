-- The most that each of some lines may owe on any day from a day to a day, both included. The limit changes on the days
-- on which a version or an increase begins; where an increase ends it only falls. Reads, locks nothing.
SELECT line.id, max(credit_limit_on(line.id, days.day))
FROM credit_creditline line
CROSS JOIN LATERAL (
    SELECT %(first)s::date AS day
    UNION
    SELECT version.starts_on FROM credit_lineversion version
    WHERE version.line_id = line.id AND version.starts_on > %(first)s AND version.starts_on <= %(last)s
    UNION
    SELECT increase.starts_on FROM credit_temporaryincrease increase
    WHERE increase.line_id = line.id AND increase.starts_on > %(first)s AND increase.starts_on <= %(last)s
) AS days
WHERE line.id = ANY (%(lines)s)
GROUP BY line.id

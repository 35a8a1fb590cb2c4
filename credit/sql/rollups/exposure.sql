-- What the lines of each programme may owe on a day, owe, hold and have unapplied, in CNY, with how many there are and how
-- many are overdue. The limit is that of the version in force and of the day's increases, as credit_limit_on says it,
-- which would look each line up by itself. Reads lines, versions and increases once each, locks nothing.
WITH limited AS (
    SELECT DISTINCT ON (version.line_id) version.line_id, version."limit"
    FROM credit_lineversion version
    WHERE version.starts_on <= %(on)s
    ORDER BY version.line_id, version.starts_on DESC, version.number DESC
),
increased AS (
    SELECT increase.line_id, sum(increase.amount) AS amount
    FROM credit_temporaryincrease increase
    WHERE increase.starts_on <= %(on)s AND increase.ends_on >= %(on)s
    GROUP BY increase.line_id
)
SELECT
    line.programme_id,
    count(*) AS lines,
    coalesce(sum(limited."limit"), 0) + coalesce(sum(increased.amount), 0) AS "limit",
    sum(line.open_amount) AS open,
    sum(line.authorised_amount) AS authorised,
    sum(line.unapplied_amount) AS unapplied,
    count(*) FILTER (WHERE line.overdue_amount > 0) AS overdue_lines,
    sum(line.overdue_amount) AS overdue
FROM credit_creditline line
LEFT JOIN limited ON limited.line_id = line.id
LEFT JOIN increased ON increased.line_id = line.id
WHERE line.state <> 'closed'
GROUP BY line.programme_id
ORDER BY line.programme_id

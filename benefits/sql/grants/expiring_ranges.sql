-- Ranges of members with about %(size)s grants each that ran out before a day: by the index of those that are not over.
SELECT min(member_id), max(member_id), count(*)
FROM (
    SELECT member_id, (row_number() OVER (ORDER BY member_id) - 1) / %(size)s AS block
    FROM benefits_grant
    WHERE state IN ('live', 'in_grace') AND valid_until < %(on)s
) AS due
GROUP BY block
ORDER BY block

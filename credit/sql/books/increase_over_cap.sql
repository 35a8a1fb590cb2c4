-- Temporary increases with which a line comes on some day to more than the programme gives with any card that the member
-- had (as in version_over_cap.sql): its limit rises with a version or an increase, so their first days are asked.
-- Versions that are over it themselves are told there.
SELECT increase.id || ' increase', increase.member_id, most.cap, max(credit_limit_on(increase.line_id, day.day))
FROM credit_temporaryincrease increase
JOIN credit_creditline line ON line.id = increase.line_id
CROSS JOIN LATERAL (
    SELECT coalesce(max(coalesce(plan.credit_limit_cap, 'Infinity'::numeric)), 0.00) AS cap
    FROM memberships_plan plan
    WHERE plan.programme_id = line.programme_id
        AND plan.code IN (
            SELECT held.code
            FROM memberships_subscription card
            JOIN memberships_plan held ON held.id = card.plan_id
            WHERE card.member_id = line.member_id AND card.programme_id = line.programme_id
        )
        AND EXISTS (
            SELECT FROM credit_creditpolicy policy
            WHERE policy.programme_id = line.programme_id AND policy.offers ? plan.code
        )
) AS most
CROSS JOIN LATERAL (
    SELECT increase.starts_on AS day
    UNION
    SELECT version.starts_on
    FROM credit_lineversion version
    WHERE version.line_id = increase.line_id AND version.starts_on BETWEEN increase.starts_on AND increase.ends_on
) AS day
WHERE increase.line_id BETWEEN %(first)s AND %(last)s AND increase.ends_on >= increase.starts_on
    AND credit_limit_on(increase.line_id, day.day) > most.cap
    AND NOT EXISTS (
        SELECT FROM credit_lineversion version
        WHERE version.line_id = increase.line_id AND version."limit" > most.cap
    )
GROUP BY increase.id, most.cap
ORDER BY increase.id

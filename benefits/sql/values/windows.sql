-- What a member could still use of a programme's quotas on some days, rule by rule as benefits_rights says: for what a
-- statement shows as left unused. Windows of days and weeks are left out: what comes anew each day is nothing saved up.
-- Of rules of which the best counts, that one; a rule that gives by itself has nothing to use. Reads only.
SELECT DISTINCT found.benefit_id, found.category, found.store_id,
    CASE found.combine WHEN 'sum' THEN found.rule_id END, found.window_from, found.window_after, found."left"
FROM unnest(%(days)s::date[]) AS asked (day)
CROSS JOIN LATERAL benefits_rights(%(member)s, asked.day) AS found
JOIN benefits_benefit benefit ON benefit.id = found.benefit_id AND benefit.programme_id = %(programme)s
JOIN benefits_benefitrule rule ON rule.id = found.rule_id
WHERE found.place IS NOT NULL AND (found.place = 1 OR found.combine = 'sum') AND found.quota IS NOT NULL
    AND NOT found.is_automatic AND rule."window" NOT IN ('day', 'week')

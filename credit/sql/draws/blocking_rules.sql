-- The blocking rules of a line on a day, in their order: those of the day's policy, and whether the line is excluded from
-- them then. The threshold of an overdue state is the days from which the policy's dunning gives that state, so that the
-- two cannot part. Reads, locks nothing.
CREATE OR REPLACE FUNCTION credit_blocking_rules(credit_line bigint, day date)
RETURNS TABLE (place bigint, code text, kind text, threshold numeric, name jsonb, is_excluded boolean)
LANGUAGE sql STABLE AS $function$
SELECT rule.place, rule.said ->> 'code', rule.said ->> 'kind',
    CASE rule.said ->> 'kind'
        WHEN 'overdue_state' THEN (
            SELECT min((step ->> 'days')::numeric)
            FROM jsonb_array_elements(policy.dunning) AS step
            WHERE step ->> 'state' = rule.said ->> 'state'
        )
        ELSE (rule.said ->> 'threshold')::numeric
    END,
    rule.said -> 'name',
    EXISTS (
        SELECT FROM credit_blockingexclusion exclusion
        WHERE exclusion.line_id = line.id AND exclusion.rule = rule.said ->> 'code'
            AND exclusion.starts_on <= day AND exclusion.ends_on >= day
    )
FROM credit_creditline line
JOIN credit_creditpolicy policy
    ON policy.programme_id = line.programme_id AND policy.starts_on <= day
    AND (policy.ends_on IS NULL OR policy.ends_on >= day)
CROSS JOIN LATERAL jsonb_array_elements(policy.blocking) WITH ORDINALITY AS rule (said, place)
WHERE line.id = credit_line
$function$;

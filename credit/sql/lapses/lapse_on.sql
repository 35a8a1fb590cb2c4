-- What the policy of a day says of the end of cards (credit/policies.py); where there is none: no draws in the days of
-- grace, and no taking up again. One row. Reads, locks nothing.
CREATE OR REPLACE FUNCTION credit_lapse_on(programme bigint, day date)
RETURNS TABLE (draws_in_grace boolean, reinstate_days integer)
LANGUAGE sql STABLE AS $function$
    SELECT
        coalesce((policy.lapse ->> 'draws_in_grace')::boolean, false),
        coalesce((policy.lapse ->> 'reinstate_days')::integer, 0)
    FROM (SELECT) AS always
    LEFT JOIN credit_creditpolicy policy
        ON policy.programme_id = programme AND policy.starts_on <= day
        AND (policy.ends_on IS NULL OR policy.ends_on >= day)
$function$;

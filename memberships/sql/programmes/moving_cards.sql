-- The cards of a range of ids that move to a newer version of their plan on a business date: live ones that were paid
-- for, of a version before the newest one whose day of moving has come. A pending card keeps the price that was asked.
--
-- seen      a fingerprint of what it rests on: the version it is of, and all of the one it moves to that holds for it
CREATE OR REPLACE FUNCTION memberships_moving_cards(business_date date, first_id bigint, last_id bigint)
RETURNS TABLE (subscription_id bigint, member_id bigint, plan_id bigint, seen bigint)
LANGUAGE sql STABLE AS $function$
SELECT
    card.id, card.member_id, newest.id,
    hashtextextended(concat_ws(
        '|', own.id, newest.id, newest.price, newest.term_months, newest.grace_days, newest.lead_days,
        newest.retry_days
    ), 0)
FROM (
    SELECT DISTINCT ON (programme_id, code) *
    FROM memberships_plan
    WHERE moves_on <= business_date AND version > 1
    ORDER BY programme_id, code, version DESC
) AS newest
JOIN memberships_plan own
    ON own.programme_id = newest.programme_id AND own.code = newest.code AND own.version < newest.version
JOIN memberships_subscription card
    ON card.plan_id = own.id AND card.ended_on IS NULL AND card.started_on IS NOT NULL
    AND card.id BETWEEN first_id AND last_id
$function$;

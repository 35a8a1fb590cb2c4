-- The lines of a range of ids that do not stand as their cards do on a business date: read by the plan of a night, its
-- dry run, the work itself, and for one line by what happens to its card.
--
-- lapse    none of the member's cards is held any more, or a new one came too late: no new draws
-- restore  a card is held again, within the days of the policy, and nobody asked for the line to be closed: it is taken up, unless the firm has another
--          one in use (sql/lines/in_use.sql)
-- move     another card carries it now, without its ever having lapsed
-- close    nothing is open or authorised, and it was asked to be closed, or lapsed longer ago than it may be restored
--
-- subscription_id  the card that carries it then
-- lapsed_on        the first day without a card
-- "limit"          where another card carries it then: the most that it offers; NULL: the same card does
-- seen             a fingerprint of what it rests on: of limits and of terms
--
-- A night that is made up for finds nothing in lines whose card began, or was over, after its date: what happened since
-- is not taken back.
CREATE OR REPLACE FUNCTION credit_lines_to_follow(business_date date, first_id bigint, last_id bigint)
RETURNS TABLE (
    line_id bigint, member_id bigint, kind text, subscription_id bigint, lapsed_on date, "limit" numeric, seen bigint
)
LANGUAGE sql STABLE AS $function$
SELECT
    found.id, found.member_id, found.kind, coalesce(found.held_id, found.own_id), found.over_since,
    CASE WHEN found.kind IN ('restore', 'move') THEN offer."limit" END,
    hashtextextended(
        concat_ws(
            '|', found.kind, found.held_id, found.over_since, found.state, offer."limit", version."limit", offer.terms,
            offer.term_days, version.terms
        ), 0
    )
FROM (
    SELECT
        line.id, line.member_id, line.programme_id, line.state, line.subscription_id AS own_id,
        held.subscription_id AS held_id, held.plan_code, lapse_day.over_since,
        CASE
            WHEN line.open_amount = 0 AND line.authorised_amount = 0 AND (
                line.closing_on <= business_date
                OR line.state = 'lapsed' AND business_date - line.lapsed_on > lapse.reinstate_days
            ) THEN 'close'
            WHEN line.state = 'lapsed' AND line.closing_on IS NULL AND held.subscription_id IS NOT NULL
                AND business_date - line.lapsed_on BETWEEN 0 AND lapse.reinstate_days
                AND EXISTS (SELECT FROM credit_lines_in_use() AS used WHERE used.line_id = line.id) THEN 'restore'
            WHEN line.state = 'active' AND held.subscription_id <> line.subscription_id
                AND business_date - lapse_day.over_since BETWEEN 0 AND lapse.reinstate_days THEN 'move'
            WHEN line.state = 'active' AND held.subscription_id IS DISTINCT FROM line.subscription_id
                AND lapse_day.over_since <= business_date THEN 'lapse'
        END AS kind
    FROM credit_creditline line
    CROSS JOIN LATERAL (SELECT credit_card_over_since(line.subscription_id) AS over_since) AS lapse_day
    CROSS JOIN LATERAL credit_lapse_on(line.programme_id, business_date) AS lapse
    LEFT JOIN LATERAL credit_held_card(line.member_id, line.programme_id, line.subscription_id, business_date) AS held
        ON true
    WHERE line.state <> 'closed' AND line.id BETWEEN first_id AND last_id
) AS found
LEFT JOIN LATERAL (
    SELECT (policy.offers -> found.plan_code ->> 'limit')::numeric AS "limit",
        policy.offers -> found.plan_code -> 'terms' AS terms,
        (
            SELECT plan.credit_term_days_cap
            FROM memberships_subscription card
            JOIN memberships_plan plan ON plan.id = card.plan_id
            WHERE card.id = found.held_id
        ) AS term_days
    FROM credit_creditpolicy policy
    WHERE policy.programme_id = found.programme_id AND policy.starts_on <= business_date
        AND (policy.ends_on IS NULL OR policy.ends_on >= business_date) AND found.held_id <> found.own_id
) AS offer ON true
LEFT JOIN LATERAL (
    SELECT version."limit", version.terms
    FROM credit_lineversion version
    WHERE version.line_id = found.id AND version.starts_on <= business_date
    ORDER BY version.starts_on DESC, version.number DESC
    LIMIT 1
) AS version ON found.held_id <> found.own_id
WHERE found.kind IS NOT NULL
$function$;

-- Record a list of orders and say what each of them earns; the caller books that (sql/points/earn.sql). The order of
-- the steps is that of services/earn_rules.py, whose twin this is. Orders of one wallet, day and rule fill the day's cap
-- in the order of the list, after those that are recorded already.
-- Touches the orders it makes; the wallets are locked by the caller, in key order. Numbers are claimed in their order: who
-- claims the same at the same time waits. May run twice: an order whose number is there is left out.
WITH asked AS MATERIALIZED (
    SELECT listed.*, wallet.member_id, wallet.programme_id
    FROM unnest(
        %(numbers)s::text[], %(enrolments)s::bigint[], %(categories)s::text[], %(amounts)s::numeric[], %(days)s::date[]
    ) WITH ORDINALITY AS listed (number, enrolment_id, category, amount, ordered_on, place)
    JOIN memberships_enrolment wallet ON wallet.id = listed.enrolment_id
    WHERE NOT EXISTS (SELECT FROM memberships_order there WHERE there.number = listed.number)
),
-- The orders of a day and category share rule and promotion.
kinds AS MATERIALIZED (
    SELECT kind.*, rule.id AS rule_id, best.multiplier, policy.pending_until
    FROM (SELECT DISTINCT programme_id, category, ordered_on FROM asked) AS kind
    LEFT JOIN LATERAL (
        SELECT held.id
        FROM memberships_earnrule held
        WHERE held.programme_id = kind.programme_id AND held.category IN (kind.category, '')
            AND held.starts_on <= kind.ordered_on AND (held.ends_on IS NULL OR held.ends_on >= kind.ordered_on)
        ORDER BY held.category <> '' DESC, held.starts_on DESC, held.id DESC
        LIMIT 1
    ) AS rule ON true
    CROSS JOIN LATERAL (
        SELECT coalesce(max(held.multiplier), 1) AS multiplier
        FROM memberships_earnpromotion held
        WHERE held.programme_id = kind.programme_id AND held.category IN (kind.category, '')
            AND held.starts_on <= kind.ordered_on AND (held.ends_on IS NULL OR held.ends_on >= kind.ordered_on)
    ) AS best
    -- A window that is over by the business date is none any more.
    CROSS JOIN LATERAL (
        SELECT CASE WHEN day.pending_until >= %(on)s THEN day.pending_until END AS pending_until
        FROM memberships_points_pending_until(kind.programme_id, kind.ordered_on) AS day (pending_until)
    ) AS policy
),
standings AS MATERIALIZED (
    SELECT wallet.enrolment_id, max(tier.earn_multiplier) AS multiplier
    FROM (SELECT DISTINCT member_id, enrolment_id FROM asked) AS wallet
    JOIN memberships_tierstanding standing
        ON standing.member_id = wallet.member_id AND standing.enrolment_id = wallet.enrolment_id
    JOIN memberships_tier tier ON tier.id = standing.tier_id
    GROUP BY wallet.enrolment_id
),
priced AS (
    SELECT
        asked.*, kinds.rule_id, kinds.pending_until, rule.cap_per_day,
        coalesce(standings.multiplier, 1) * kinds.multiplier AS multiplier,
        coalesce(memberships_points_of_amount(
            asked.amount, rule.points_per_yuan, coalesce(standings.multiplier, 1) * kinds.multiplier,
            rule.minimum_spend, rule.rounding, rule.cap_per_order
        ), 0) AS points,
        coalesce(memberships_points_of_amount(
            asked.amount, rule.qualifying_per_yuan, 1, rule.minimum_spend, rule.rounding, NULL
        ), 0) AS qualifying
    FROM asked
    JOIN kinds USING (programme_id, category, ordered_on)
    LEFT JOIN standings USING (enrolment_id)
    LEFT JOIN memberships_earnrule rule ON rule.id = kinds.rule_id
),
-- What the day's cap leaves, and how much of it the orders of the list take, each with those before it.
counted AS (
    SELECT
        priced.*,
        CASE WHEN cap_per_day IS NOT NULL THEN greatest(0, cap_per_day - (
            SELECT coalesce(sum(earlier.points), 0)
            FROM memberships_order earlier
            WHERE earlier.enrolment_id = priced.enrolment_id AND earlier.ordered_on = priced.ordered_on
                AND earlier.rule_id = priced.rule_id AND earlier.returns_id IS NULL
        )) END AS open,
        sum(points) OVER (PARTITION BY enrolment_id, ordered_on, rule_id ORDER BY place) AS upto
    FROM priced
),
made AS (
    INSERT INTO memberships_order
        (member_id, enrolment_id, number, category, amount, ordered_on, recorded_at, points, qualifying, rule_id,
        multiplier)
    SELECT
        member_id, enrolment_id, number, category, amount, ordered_on, %(at)s,
        CASE WHEN open IS NULL THEN points ELSE least(open, upto) - least(open, upto - points) END,
        qualifying, rule_id, multiplier
    FROM counted
    ORDER BY number
    ON CONFLICT (number) DO NOTHING
    RETURNING number, points, qualifying
),
-- One question for each programme: all these lots are earned on the business date (`earned_on` is later where a night
-- of a later date has been booked: nothing is earned that is over by then).
expiries AS (
    SELECT programme_id, memberships_points_expire_on(programme_id, %(earned_on)s) AS expires_on
    FROM (SELECT DISTINCT programme_id FROM asked) AS programme
),
-- Of those that earn something; in the order of the list, in which their lots are numbered.
earning AS (
    SELECT counted.place, counted.enrolment_id, made.*, expiries.expires_on, counted.pending_until
    FROM made
    JOIN counted USING (number)
    JOIN expiries USING (programme_id)
    WHERE made.points > 0 OR made.qualifying > 0
)
SELECT
    array_agg(enrolment_id ORDER BY place), array_agg(points ORDER BY place), array_agg('order:' || number ORDER BY place),
    array_agg(expires_on ORDER BY place), array_agg(qualifying ORDER BY place), array_agg(pending_until ORDER BY place)
FROM earning

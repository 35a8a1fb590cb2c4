-- Record a list of orders and say what each of them earns; the caller books that (sql/points/earn.sql). The order of
-- the steps is that of services/earn_rules.py, whose twin this is. Orders of one wallet, day and rule fill the day's cap
-- in the order of the list, after those that are recorded already. Lots are numbered as the orders are.
-- Touches the orders it makes; the wallets are locked by the caller, in key order. Numbers are claimed in their order: who
-- claims the same at the same time waits. May run twice: an order whose number is there is left out.
-- PostgreSQL knows little of how many rows a list has: nothing is joined here by what it would look for again and again.
WITH asked AS MATERIALIZED (
    SELECT
        listed.*, wallet.member_id,
        -- The orders of a programme, category and day share rule and promotion.
        dense_rank() OVER (ORDER BY wallet.programme_id, listed.category, listed.ordered_on) AS kind,
        wallet.programme_id,
        coalesce((
            SELECT max(tier.earn_multiplier)
            FROM memberships_tierstanding standing
            JOIN memberships_tier tier ON tier.id = standing.tier_id
            WHERE standing.member_id = wallet.member_id AND standing.enrolment_id = wallet.id
        ), 1) AS tier_multiplier
    FROM unnest(
        %(numbers)s::text[], %(enrolments)s::bigint[], %(categories)s::text[], %(amounts)s::numeric[], %(days)s::date[]
    ) WITH ORDINALITY AS listed (number, enrolment_id, category, amount, ordered_on, place)
    JOIN memberships_enrolment wallet ON wallet.id = listed.enrolment_id
    WHERE NOT EXISTS (SELECT FROM memberships_order there WHERE there.number = listed.number)
),
kinds AS MATERIALIZED (
    SELECT
        asked.kind,
        (
            SELECT held.id
            FROM memberships_earnrule held
            WHERE held.programme_id = asked.programme_id AND held.category IN (asked.category, '')
                AND held.starts_on <= asked.ordered_on AND (held.ends_on IS NULL OR held.ends_on >= asked.ordered_on)
            ORDER BY held.category <> '' DESC, held.starts_on DESC, held.id DESC
            LIMIT 1
        ) AS rule_id,
        (
            SELECT coalesce(max(held.multiplier), 1)
            FROM memberships_earnpromotion held
            WHERE held.programme_id = asked.programme_id AND held.category IN (asked.category, '')
                AND held.starts_on <= asked.ordered_on AND (held.ends_on IS NULL OR held.ends_on >= asked.ordered_on)
        ) AS multiplier
    FROM (SELECT DISTINCT kind, programme_id, category, ordered_on FROM asked) AS asked
),
priced AS (
    SELECT
        asked.*, kinds.rule_id, rule.cap_per_day, asked.tier_multiplier * kinds.multiplier AS multiplier,
        coalesce(memberships_points_of_amount(
            asked.amount, rule.points_per_yuan, asked.tier_multiplier * kinds.multiplier, rule.minimum_spend,
            rule.rounding, rule.cap_per_order
        ), 0) AS points,
        coalesce(memberships_points_of_amount(
            asked.amount, rule.qualifying_per_yuan, 1, rule.minimum_spend, rule.rounding, NULL
        ), 0) AS qualifying
    FROM asked
    JOIN kinds USING (kind)
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
    RETURNING id, number, enrolment_id, ordered_on, points, qualifying
),
-- One question for each programme: all these lots are earned on the business date (`earned_on` is later where a night
-- of a later date has been booked: nothing is earned that is over by then).
expiries AS MATERIALIZED (
    SELECT
        policy.programme_id, policy.pending_days,
        memberships_points_expire_on(policy.programme_id, %(earned_on)s) AS expires_on
    FROM memberships_pointspolicy policy
    WHERE policy.programme_id IN (SELECT programme_id FROM asked)
),
-- Of those that earn something; a window that is over by the business date is none any more.
earning AS (
    SELECT
        made.*, expiries.expires_on,
        CASE WHEN expiries.pending_days > 0 AND made.ordered_on + expiries.pending_days >= %(on)s
            THEN memberships_points_pending_until(wallet.programme_id, made.ordered_on)
        END AS pending_until
    FROM made
    JOIN memberships_enrolment wallet ON wallet.id = made.enrolment_id
    LEFT JOIN expiries ON expiries.programme_id = wallet.programme_id
    WHERE made.points > 0 OR made.qualifying > 0
)
SELECT
    array_agg(enrolment_id ORDER BY id), array_agg(points ORDER BY id), array_agg('order:' || number ORDER BY id),
    array_agg(expires_on ORDER BY id), array_agg(qualifying ORDER BY id), array_agg(pending_until ORDER BY id)
FROM earning

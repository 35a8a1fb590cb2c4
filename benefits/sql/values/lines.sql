-- What members of a range of ids got of a programme's benefits within days, line by line: what value statements list
-- (services/values.py) and what the programme's profit and loss counts as delivered. One line per thing got:
--
-- source_kind        source_id    the line
-- redemption         redemption   one use, at what it was worth and cost on its day; not of coupons
-- redemption_return  redemption   the same with a minus sign, on the day on which it was taken back
-- coupon             grant        a coupon that was used, on that day, whether it had been redeemed or given
-- coupon_lost        grant        one that was paid for and ran out: the price, for nothing
-- gift               grant        given by itself or by hand, on that day
-- subscription       grant        what is held for as long as a right lasts: a line for each month begun, by deliveries.sql
-- order              saving       what a benefit took off an order (OrderSaving)
-- order_return       order        its share that went back with (a part of) the order: the return's own id
--
-- reference   CNY that it would have cost without the membership: NULL where nobody said (it is not guessed)
-- paid        CNY paid for it. Points are no money: they were given, and are worth what they are exchanged for
-- saved       reference - paid, NULL without a reference
-- cost        CNY that it cost `funder`: NULL where nobody said. Of an order: what came off
-- quantity    units, below zero for what came back
--
-- What an order says of a benefit goes before what uses and coupons of it for that order are worth: they are left out,
-- or, where they were paid for, have the reference 0 beside the order's line. Shares of returns are rounded so that all
-- returns of an order come to all of its saving together. Reads only; all of it follows from the facts, so that it is
-- the same in whatever ranges of members and days it is asked for.
CREATE OR REPLACE FUNCTION benefits_value_lines(
    programme bigint, first_member bigint, last_member bigint, first_day date, last_day date
)
RETURNS TABLE (
    member_id bigint, benefit_id bigint, "on" date, reference numeric, paid numeric, saved numeric, cost numeric,
    funder text, source_kind text, source_id bigint, quantity bigint, points bigint, order_number text
)
LANGUAGE sql STABLE AS $function$
WITH worth AS MATERIALIZED (
    SELECT * FROM benefits_worth(programme)
), kinds AS MATERIALIZED (
    SELECT DISTINCT benefit_id, kind FROM worth
), redeemed AS (
    SELECT used.*, kinds.kind, EXISTS (
            SELECT FROM benefits_ordersaving saving
            WHERE used.order_number <> '' AND saving.member_id = used.member_id
                AND saving.order_number = used.order_number AND saving.benefit_id = used.benefit_id
        ) AS is_told_by_order
    FROM benefits_redemption used
    JOIN kinds ON kinds.benefit_id = used.benefit_id
    WHERE used.member_id BETWEEN first_member AND last_member AND used."on" <= last_day AND kinds.kind <> 'coupon'
), line AS (
    SELECT used.member_id, used.benefit_id, moved."on",
        moved.sign * CASE WHEN used.is_told_by_order THEN 0 ELSE used.face_value END AS reference,
        moved.sign * used.price AS paid, moved.sign * CASE WHEN used.is_told_by_order THEN 0 ELSE used.cost END AS cost,
        used.funder::text AS funder, moved.source_kind, used.id AS source_id, moved.sign * used.quantity AS quantity,
        moved.sign * used.points AS points, used.order_number::text AS order_number
    FROM redeemed used
    CROSS JOIN LATERAL (
        VALUES (1, used."on", 'redemption'), (-1, used.returned_on, 'redemption_return')
    ) AS moved (sign, "on", source_kind)
    WHERE moved."on" BETWEEN first_day AND last_day AND (NOT used.is_told_by_order OR used.price > 0)
    UNION ALL
    SELECT held.member_id, held.benefit_id, coalesce(held.used_on, held.ended_on),
        CASE
            WHEN held.state = 'ended' OR told.is_by_order THEN 0
            ELSE coalesce(used.face_value, worth.face_value * held.quantity)
        END,
        coalesce(used.price, 0),
        CASE
            WHEN held.state = 'ended' OR told.is_by_order THEN 0
            ELSE coalesce(used.cost, worth.unit_cost * held.quantity)
        END,
        coalesce(used.funder, worth.funder)::text,
        CASE WHEN held.state = 'ended' THEN 'coupon_lost' ELSE 'coupon' END,
        held.id, held.quantity, coalesce(used.points, 0), held.order_number::text
    FROM benefits_grant held
    LEFT JOIN benefits_redemption used ON used.id = held.redemption_id
    JOIN worth ON worth.benefit_id = held.benefit_id AND worth.kind = 'coupon'
        AND coalesce(held.used_on, held.ended_on) BETWEEN worth.starts_on AND worth.ends_on
    CROSS JOIN LATERAL (
        SELECT held.state = 'used' AND EXISTS (
            SELECT FROM benefits_ordersaving saving
            WHERE saving.member_id = held.member_id AND saving.order_number = held.order_number
                AND saving.benefit_id = held.benefit_id
        ) AS is_by_order
    ) AS told
    WHERE held.member_id BETWEEN first_member AND last_member AND held.state IN ('used', 'ended')
        AND coalesce(held.used_on, held.ended_on) BETWEEN first_day AND last_day
        AND (used.price > 0 AND used.state = 'done' OR held.state = 'used' AND NOT told.is_by_order)
    UNION ALL
    SELECT held.member_id, held.benefit_id, held.valid_from, worth.face_value * held.quantity, 0,
        worth.unit_cost * held.quantity, worth.funder, 'gift', held.id, held.quantity, 0, ''
    FROM benefits_grant held
    JOIN worth ON worth.benefit_id = held.benefit_id AND worth.kind IN ('gift', 'points_exchange')
        AND held.valid_from BETWEEN worth.starts_on AND worth.ends_on
    WHERE held.member_id BETWEEN first_member AND last_member AND held.redemption_id IS NULL
        AND held.valid_from BETWEEN first_day AND last_day
        -- Not what was taken back on the day it was given.
        AND (held.valid_until IS NULL OR held.valid_until >= held.valid_from)
    UNION ALL
    SELECT held.member_id, held.benefit_id, begun."on", worth.face_value * held.quantity, 0,
        worth.unit_cost * held.quantity, worth.funder, 'subscription', held.id, held.quantity, 0, ''
    FROM benefits_grant held
    JOIN kinds ON kinds.benefit_id = held.benefit_id
        AND kinds.kind NOT IN ('coupon', 'gift', 'points_exchange')
    JOIN benefits_deliveries(first_member, last_member) AS delivered ON delivered.grant_id = held.id
    CROSS JOIN LATERAL generate_series(
        -- The months since then that can begin within the days.
        greatest(0, (extract(year FROM first_day) - extract(year FROM delivered.since))::integer * 12
            + (extract(month FROM first_day) - extract(month FROM delivered.since))::integer),
        (extract(year FROM least(last_day, delivered.until)) - extract(year FROM delivered.since))::integer * 12
            + (extract(month FROM least(last_day, delivered.until)) - extract(month FROM delivered.since))::integer
    ) AS month (number)
    CROSS JOIN LATERAL (
        SELECT (delivered.since + make_interval(months => month.number))::date AS "on"
    ) AS begun
    JOIN worth ON worth.benefit_id = held.benefit_id AND begun."on" BETWEEN worth.starts_on AND worth.ends_on
    WHERE held.member_id BETWEEN first_member AND last_member AND held.redemption_id IS NULL
        AND delivered.since <= last_day AND delivered.until >= first_day
        AND begun."on" BETWEEN first_day AND least(last_day, delivered.until)
    UNION ALL
    SELECT saving.member_id, saving.benefit_id, saving."on", saving.amount, 0, saving.amount, saving.funder::text,
        'order', saving.id, 1, 0, saving.order_number::text
    FROM benefits_ordersaving saving
    JOIN kinds ON kinds.benefit_id = saving.benefit_id
    WHERE saving.member_id BETWEEN first_member AND last_member AND saving."on" BETWEEN first_day AND last_day
    UNION ALL
    SELECT back.member_id, back.benefit_id, back."on", -back.amount, 0, -back.amount, back.funder, 'order_return',
        back.id, CASE WHEN back.is_whole THEN -1 ELSE 0 END, 0, back.order_number
    FROM (
        SELECT saving.member_id, saving.benefit_id, returned.ordered_on AS "on", returned.id, saving.funder::text,
            saving.order_number::text AS order_number,
            sum(returned.amount) OVER so_far >= bought.amount AS is_whole,
            round(saving.amount * sum(returned.amount) OVER so_far / bought.amount, 2)
                - round(saving.amount * (sum(returned.amount) OVER so_far - returned.amount) / bought.amount, 2) AS amount
        FROM benefits_ordersaving saving
        JOIN kinds ON kinds.benefit_id = saving.benefit_id
        JOIN memberships_order bought ON bought.number = saving.order_number AND bought.member_id = saving.member_id
            AND bought.returns_id IS NULL AND bought.amount > 0
        JOIN memberships_order returned ON returned.returns_id = bought.id
        WHERE saving.member_id BETWEEN first_member AND last_member
        WINDOW so_far AS (PARTITION BY saving.id ORDER BY returned.id)
    ) AS back
    WHERE back."on" BETWEEN first_day AND last_day
)
SELECT line.member_id, line.benefit_id, line."on", line.reference::numeric, line.paid::numeric,
    (line.reference - line.paid)::numeric, line.cost::numeric, line.funder, line.source_kind, line.source_id,
    line.quantity::bigint, line.points::bigint, line.order_number
FROM line
$function$;

-- What some returns are to take back, in the order of the list, one of an order at most: the entry that is the order's
-- award (NULL: it brought nothing), and of its points and qualifying points the share of what comes back, as far as no
-- reversal has asked for it yet. services/orders.py has the rule: what is kept is rounded up to whole points. All in whole
-- numbers of fen, so that nothing is rounded on the way.
-- Reads only; the wallets are locked by the caller.
WITH earlier AS MATERIALIZED (
    -- All at once: which index leads to one order's returns is a guess, as long as there are few.
    SELECT returns_id, sum(amount) AS amount
    FROM memberships_order
    WHERE returns_id = ANY (%(bought)s::bigint[])
    GROUP BY returns_id
), listed AS MATERIALIZED (
    SELECT asked.place, bought.member_id, bought.number, bought.points, bought.qualifying,
        (bought.amount * 100)::bigint AS amount, (asked.back * 100)::bigint AS back,
        ((bought.amount - coalesce(earlier.amount, 0)) * 100)::bigint AS left_amount
    FROM unnest(%(bought)s::bigint[], %(amounts)s::numeric[]) WITH ORDINALITY AS asked (bought_id, back, place)
    JOIN memberships_order bought ON bought.id = asked.bought_id
    LEFT JOIN earlier ON earlier.returns_id = bought.id
), shares AS MATERIALIZED (
    SELECT listed.*,
        div(points::numeric * left_amount + amount - 1, nullif(amount, 0))
            - div(points::numeric * (left_amount - back) + amount - 1, nullif(amount, 0)) AS points_back,
        div(qualifying::numeric * left_amount + amount - 1, nullif(amount, 0))
            - div(qualifying::numeric * (left_amount - back) + amount - 1, nullif(amount, 0)) AS qualifying_back
    FROM listed
)
SELECT award.id,
    CASE WHEN award.id IS NULL THEN 0
        ELSE least(coalesce(points_back, 0), award.points - coalesce(reversed.asked, 0))
    END::bigint,
    CASE WHEN award.id IS NULL THEN 0
        ELSE least(coalesce(qualifying_back, 0), coalesce(reversed.qualifying, 0) + CASE
            WHEN lot.pending_until IS NOT NULL THEN lot.qualifying
            WHEN award.kind = 'accrue' THEN coalesce(posting.qualifying, 0)
            ELSE award.qualifying
        END)
    END::bigint
FROM shares
LEFT JOIN memberships_pointsentry award
    ON award.member_id = shares.member_id AND award.key = 'order:' || shares.number
LEFT JOIN memberships_pointslot lot ON lot.id = award.lot_id
LEFT JOIN memberships_pointsentry posting
    ON award.kind = 'accrue' AND posting.member_id = award.member_id AND posting.key = 'post:' || award.lot_id
LEFT JOIN LATERAL (
    SELECT sum(reversal.asked) AS asked, sum(reversal.qualifying) AS qualifying
    FROM memberships_pointsentry reversal
    WHERE reversal.reverses_id = award.id
) AS reversed ON true
ORDER BY shares.place

-- A lot for each wallet and span, in the order in which they were earned.
INSERT INTO memberships_pointslot (
    id, member_id, enrolment_id, points, remaining, earned_on, expires_on, pending_until, qualifying
)
SELECT (%(lots_each)s - 1 - span) * %(members)s::bigint + place, bench.person(wallet), wallet, lot.points, lot.remaining,
    lot.earned_on, lot.expires_on, lot.pending_until, CASE WHEN lot.pending_until IS NULL THEN 0 ELSE lot.points END
FROM generate_series(%(lots_each)s - 1, 0, -1) AS span,
    LATERAL (
        SELECT place, bench.wallet_at(place) AS wallet
        FROM (SELECT generate_series(1, %(members)s::bigint) AS place) AS numbered
    ) AS earning,
    LATERAL bench.lot(wallet, span, place) AS lot

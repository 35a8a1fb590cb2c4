-- Expire at once what the reversal of a spend gave back to lots that are over, less what was taken of that meanwhile: an
-- entry for each, and the balance. A lot is over by its day, by an entry, or since inactivity has ended the wallet's points
-- after the spend: also a lot of which nothing was left then, so that spending all or nearly all makes no difference.
-- The caller holds the wallet's lock, has expired before what else was due in it, and has just made the reversal, of
-- which there is one only: never run twice.
-- The night takes a lot once, by the key expire:<lot>. A lot that it would find with points again gets that key here.
WITH over AS (
    SELECT lot.*, -draw.points - coalesce((
            SELECT sum(taken.points)
            FROM memberships_lotdraw taken
            WHERE taken.lot_id = lot.id AND taken.paid_after_id = %(reversal)s
        ), 0) AS given,
        EXISTS (
            SELECT FROM memberships_pointsentry gone
            WHERE gone.member_id = lot.member_id AND gone.key = 'expire:' || lot.id
        ) AS is_booked,
        coalesce(reversal.reverses_id <= wallet.idled_after, FALSE) AS is_idled
    FROM memberships_lotdraw draw
    JOIN memberships_pointslot lot ON lot.id = draw.lot_id
    JOIN memberships_pointsentry reversal ON reversal.id = draw.entry_id
    JOIN memberships_enrolment wallet ON wallet.id = lot.enrolment_id
    WHERE draw.entry_id = %(reversal)s
), expired AS (
    INSERT INTO memberships_pointsentry
        (member_id, enrolment_id, key, kind, points, debit, credit, lot_id, "on", at, actor_id, reason)
    SELECT member_id, enrolment_id, 'expire:' || id || CASE WHEN is_booked THEN ':' || %(reversal)s ELSE '' END,
        'expire', -given, 'liability', 'breakage', id, %(on)s, %(at)s, %(actor)s, ''
    FROM over
    WHERE given > 0 AND (is_booked OR is_idled OR expires_on <= %(over_on)s)
    ORDER BY id
    RETURNING id, enrolment_id, points
), debited AS (
    UPDATE memberships_enrolment wallet
    SET balance = wallet.balance + lost.points
    FROM (SELECT enrolment_id, sum(points)::bigint AS points FROM expired GROUP BY enrolment_id) AS lost
    WHERE wallet.id = lost.enrolment_id
)
SELECT id FROM expired

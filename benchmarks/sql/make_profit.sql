-- For each term a payment on its first day, one in a hundred of which was refunded by 9 CNY two months later; a wallet,
-- and four awards and a spend of points in the year after. Triggers have to be off; what they would have checked is right
-- here. The same parameters on the same members give the same rows.
WITH paid AS (
    INSERT INTO memberships_payment
        (member_id, subscription_id, programme_id, plan_id, method_id, key, purpose, amount, term_number, starts_on,
        ends_on, term_id, state, decline, code, reference, attempt, requested_on, requested_at, refunded)
    SELECT term.member_id, term.subscription_id, term.programme_id, term.plan_id, 0, 'start:' || term.id, 'start', 99, 1,
        term.starts_on, term.ends_on, term.id, 'succeeded', '', '', '', 1, term.starts_on, term.starts_on,
        CASE WHEN term.id %% 100 = 0 AND term.starts_on + 60 <= %(on)s THEN 9 ELSE 0 END
    FROM memberships_term term
    WHERE term.programme_id = %(programme)s
    ORDER BY term.starts_on, hashint8(term.id)
    RETURNING id, member_id, starts_on, refunded
), told AS (
    INSERT INTO memberships_paymentevent
        (member_id, payment_id, kind, attempt, amount, code, reference, message, "on", at, reason)
    SELECT member_id, id, 'succeeded', 1, 99, '', '', '', starts_on, starts_on, '' FROM paid
    UNION ALL
    SELECT member_id, id, 'refunded', 1, 9, '', '', '', starts_on + 60, starts_on + 60, '' FROM paid WHERE refunded > 0
), given_back AS (
    INSERT INTO memberships_refund
        (member_id, payment_id, number, amount, ends_card, state, code, reference, reason, requested_on, requested_at)
    SELECT member_id, id, 1, 9, false, 'succeeded', '', '', 'x', starts_on + 60, starts_on + 60
    FROM paid
    WHERE refunded > 0
), wallet AS (
    INSERT INTO memberships_enrolment (member_id, programme_id, scope, enrolled_on, balance, reason)
    SELECT member_id, programme_id, '', starts_on, 300, ''
    FROM memberships_term
    WHERE programme_id = %(programme)s
    RETURNING id, member_id, enrolled_on
)
INSERT INTO memberships_pointsentry
    (member_id, enrolment_id, key, kind, points, qualifying, debit, credit, "on", at, reason, missing, lot_id)
SELECT member_id, id, 'k' || number, CASE WHEN number < 5 THEN 'earn' ELSE 'spend' END,
    CASE WHEN number < 5 THEN 100 ELSE -100 END, 0, CASE WHEN number < 5 THEN 'issued' ELSE 'liability' END,
    CASE WHEN number < 5 THEN 'liability' ELSE 'redeemed' END, day, day, '', 0, CASE WHEN number < 5 THEN 0 END
FROM (
    SELECT wallet.*, number, least(enrolled_on + number * 30, %(on)s::date) AS day
    FROM wallet, generate_series(1, 5) AS number
) AS listed
ORDER BY day, hashint8(id)

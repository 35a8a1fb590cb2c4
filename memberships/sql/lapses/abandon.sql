-- Put away the declined payments of the range's ended cards: they are not tried again. Of an approved dry run, those
-- that it lists and that are as it saw them, and those of the cards that it lapsed just now. Returns their cards. Members are locked already. May run twice: an abandoned payment stays so.
WITH payment AS (
    UPDATE memberships_payment p
    SET state = 'abandoned', next_attempt_on = NULL
    FROM memberships_subscription s
    WHERE p.subscription_id BETWEEN %(first)s AND %(last)s AND p.state = 'declined'
        AND s.id = p.subscription_id AND s.ended_on IS NOT NULL
        AND (%(approved)s::bigint IS NULL OR EXISTS (
            SELECT FROM operations_runitem item
            WHERE item.run_id = %(approved)s AND item.key = s.id AND (
                item.kind = 'lapse' AND s.lapsed_on = %(on)s
                OR item.kind = 'abandon' AND item.seen = (
                    SELECT due.seen FROM memberships_ending_cards(%(on)s, s.id, s.id) AS due WHERE due.kind = 'abandon'
                )
            )
        ))
    RETURNING p.id, p.member_id, p.subscription_id, p.attempt
)
INSERT INTO memberships_paymentevent
    (member_id, payment_id, kind, attempt, amount, code, reference, message, "on", at, actor_id, reason)
SELECT member_id, id, 'abandoned', attempt, NULL, '', '', '', %(on)s, %(at)s, %(actor)s, ''
FROM payment
RETURNING (SELECT p.subscription_id FROM payment p WHERE p.id = payment_id)

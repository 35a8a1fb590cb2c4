-- Open the declined payments again of which the gateway now says that it took the money after all, at the very attempt
-- that it had declined: its answer can then be taken, and the money has its term. Members are locked already.
UPDATE memberships_payment p
SET state = 'requested', decline = '', next_attempt_on = NULL, answered_at = NULL, next_ask_at = %(at)s
FROM json_to_recordset(%(answers)s) AS paid (payment bigint, attempt integer)
WHERE p.id = paid.payment AND p.attempt = paid.attempt AND p.state = 'declined'

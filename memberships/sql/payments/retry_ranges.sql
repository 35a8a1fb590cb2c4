-- Ranges of ids with %(size)s payments to be tried again each.
SELECT min(payment_id), max(payment_id), count(*)
FROM (
    SELECT payment_id, (row_number() OVER (ORDER BY payment_id) - 1) / %(size)s AS block
    FROM memberships_payments_to_retry(%(on)s, %(first)s, %(last)s, false, NULL)
) AS due
GROUP BY block
ORDER BY block

-- What our own records come to for a month, by offer: all offers, or the prepaid ones only. Reads only.
SELECT offer_id, is_prepaid, unit_cost, sum(units)
FROM partners_billed(%(partner)s, %(month)s)
WHERE amount > 0 AND (is_prepaid OR NOT %(only_prepaid)s)
GROUP BY offer_id, is_prepaid, unit_cost ORDER BY offer_id

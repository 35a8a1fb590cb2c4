-- One in ten has an agreement with the sandbox gateway, under the member's own key.
INSERT INTO memberships_paymentmethod (id, member_id, gateway, token, label, added_on)
SELECT id, id, 'sandbox', 'tok-' || id, '', %(on)s::date - 1400
FROM (SELECT generate_series(1, %(total)s::bigint) AS id) AS numbered
WHERE bench.pick(id, 13, 10) = 0

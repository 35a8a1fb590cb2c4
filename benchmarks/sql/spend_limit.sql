-- One spend as seven plain statements, as pgbench runs it: what an application would send one after the other.
\set wallet random(:first_wallet, :last_wallet)
\set key random(1, 9000000000000000)
BEGIN;
SELECT member_id, idle_on FROM memberships_enrolment WHERE id = :wallet FOR NO KEY UPDATE \gset
SELECT count(*) AS known FROM memberships_pointsentry WHERE member_id = :member_id AND key = 'limit:' || :client_id || ':' || :key \gset
SELECT id AS lot, sum(remaining) OVER () AS spendable FROM memberships_pointslot WHERE enrolment_id = :wallet AND remaining > 0 AND pending_until IS NULL AND (expires_on IS NULL OR expires_on > :spend_on) AND NOT EXISTS (SELECT FROM memberships_pointsentry gone WHERE gone.member_id = memberships_pointslot.member_id AND gone.key = 'expire:' || memberships_pointslot.id) ORDER BY expires_on ASC NULLS LAST, id LIMIT 1 \gset
INSERT INTO memberships_pointsentry (member_id, enrolment_id, key, kind, points, debit, credit, "on", at, reason) VALUES (:member_id, :wallet, 'limit:' || :client_id || ':' || :key, 'spend', -1, 'liability', 'redeemed', :spend_on, now(), '') RETURNING id AS entry \gset
INSERT INTO memberships_lotdraw (member_id, entry_id, lot_id, points) VALUES (:member_id, :entry, :lot, 1);
UPDATE memberships_pointslot SET remaining = remaining - 1 WHERE id = :lot;
UPDATE memberships_enrolment SET balance = balance - 1 WHERE id = :wallet;
COMMIT;

-- One use of a benefit as plain statements, as pgbench runs it: what an application would send one after the other. The
-- member's card gives the right, in its term; the first of them locks the row that counts, and counts.
\set wallet random(:first_wallet, :last_wallet)
\set benefit random(:first_benefit, :last_benefit)
\set key random(1, 9000000000000000)
BEGIN;
SELECT member_id FROM memberships_enrolment WHERE id = :wallet \gset
INSERT INTO benefits_usage (member_id, benefit_id, uses) VALUES (:member_id, :benefit, 1) ON CONFLICT (member_id, benefit_id) DO UPDATE SET uses = benefits_usage.uses + 1;
SELECT count(*) AS known FROM benefits_redemption WHERE member_id = :member_id AND key = 'limit:' || :client_id || ':' || :key \gset
SELECT rule.id AS rule, rule.quota, rule.points_price, rule.member_price, benefit.face_value, benefit.unit_cost, '''' || benefit.funder || '''' AS funder, benefit.valid_days, '''' || term.starts_on || '''' AS window_from, '''' || term.ends_on + 1 || '''' AS window_until FROM memberships_member member JOIN memberships_subscription card ON card.member_id = member.id AND card.started_on <= :redeem_on AND (card.ended_on IS NULL OR card.ended_on >= :redeem_on) JOIN memberships_term term ON term.member_id = card.member_id AND term.subscription_id = card.id AND :redeem_on BETWEEN term.starts_on AND term.ends_on JOIN memberships_plan plan ON plan.id = term.plan_id JOIN benefits_benefit benefit ON benefit.id = :benefit AND benefit.programme_id = card.programme_id AND (benefit.retired_on IS NULL OR benefit.retired_on > :redeem_on) JOIN benefits_benefitrule rule ON rule.benefit_id = benefit.id AND rule.plan_code = plan.code AND rule.starts_on <= :redeem_on AND (rule.ends_on IS NULL OR rule.ends_on >= :redeem_on) WHERE member.id = :member_id AND (member.closed_on IS NULL OR member.closed_on > :redeem_on) LIMIT 1 \gset
SELECT coalesce(sum(quantity), 0) AS used FROM benefits_redemption WHERE member_id = :member_id AND benefit_id = :benefit AND state = 'done' AND category = '' AND "on" >= :window_from AND "on" < :window_until \gset
SELECT idle_on FROM memberships_enrolment WHERE id = :wallet FOR NO KEY UPDATE \gset
SELECT count(*) AS spent FROM memberships_pointsentry WHERE member_id = :member_id AND key = 'limit:' || :client_id || ':' || :key \gset
SELECT id AS lot, sum(remaining) OVER () AS spendable FROM memberships_pointslot WHERE enrolment_id = :wallet AND remaining > 0 AND pending_until IS NULL AND (expires_on IS NULL OR expires_on > :redeem_on) AND NOT EXISTS (SELECT FROM memberships_pointsentry gone WHERE gone.member_id = memberships_pointslot.member_id AND gone.key = 'expire:' || memberships_pointslot.id) ORDER BY expires_on ASC NULLS LAST, id LIMIT 1 \gset
INSERT INTO memberships_pointsentry (member_id, enrolment_id, key, kind, points, debit, credit, "on", at, reason) VALUES (:member_id, :wallet, 'limit:' || :client_id || ':' || :key, 'spend', -:points_price, 'liability', 'redeemed', :redeem_on, now(), '') RETURNING id AS entry \gset
INSERT INTO memberships_lotdraw (member_id, entry_id, lot_id, points) VALUES (:member_id, :entry, :lot, :points_price);
UPDATE memberships_pointslot SET remaining = remaining - :points_price WHERE id = :lot;
UPDATE memberships_enrolment SET balance = balance - :points_price WHERE id = :wallet;
INSERT INTO benefits_redemption (member_id, benefit_id, rule_id, key, category, asked_category, quantity, window_from, window_until, points, points_entry_id, price, face_value, cost, funder, order_number, "on", at, reason) VALUES (:member_id, :benefit, :rule, 'limit:' || :client_id || ':' || :key, '', '', 1, :window_from, :window_until, :points_price, :entry, :member_price, :face_value, :unit_cost, :funder, '', :redeem_on, now(), '') RETURNING id AS redemption \gset
INSERT INTO benefits_grant (member_id, benefit_id, rule_id, redemption_id, key, quantity, valid_from, valid_until, given_on, given_at) VALUES (:member_id, :benefit, :rule, :redemption, 'redeem:limit:' || :client_id || ':' || :key, 1, :redeem_on, :redeem_on::date + :valid_days - 1, :redeem_on, now());
INSERT INTO operations_outboxmessage (topic, key, owner, payload, state, attempts, error, created_at, next_attempt_at) VALUES ('benefit.redeemed', 'redeemed:' || :redemption, :member_id, jsonb_build_object('member', :member_id::bigint, 'redemption', :redemption::bigint, 'benefit', :benefit::bigint, 'quantity', 1, 'points', :points_price::bigint, 'on', :redeem_on::date), 'queued', 0, '', now(), now());
UPDATE benefits_benefitstock SET taken = taken + 1 WHERE benefit_id = :benefit AND taken < total;
COMMIT;

-- How the wallets with a ledger came to where they stand.
INSERT INTO memberships_tierchange (
    id, member_id, enrolment_id, group_id, key, kind, cause, to_tier_id, held_until, evidence, "on", at, reason
)
SELECT row_number() OVER (), member_id, enrolment_id, group_id, 'first:' || since, 'first', cause, tier_id, held_until, '{}',
    since, since + interval '4 hours', ''
FROM memberships_tierstanding
WHERE enrolment_id %% %(entries_every)s = 0
ORDER BY id

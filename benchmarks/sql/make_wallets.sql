-- So many persons, each with an empty wallet in a programme.
WITH made AS (
    INSERT INTO memberships_member (id, kind, joined_on)
    SELECT nextval('memberships_member_id_seq'), 'person', %(on)s FROM generate_series(1, %(wallets)s)
    RETURNING id
)
INSERT INTO memberships_enrolment (member_id, programme_id, scope, enrolled_on, balance)
SELECT id, %(programme)s, '', %(on)s, 0 FROM made ORDER BY id

-- Write the new persons of a range: the number that the other system knows them by, member, contact, wallet, and the
-- ImportRow that says which line made which member; returns what is to be booked as opening balances. Keys are drawn
-- beforehand, in the file's order, so that one statement writes all tables and members are numbered as their lines
-- stand. The number comes first, in its order: who claims the same at the same time waits, and whoever comes second is
-- named and left out. (Its reference to the member is checked at the end of the transaction.) May run twice: rows that
-- were done have an ImportRow.
WITH incoming AS MATERIALIZED (
    SELECT
        listed.*, coalesce(listed.source, %(source)s) AS known_to,
        nextval(pg_get_serial_sequence('memberships_member', 'id')) AS member_id,
        CASE WHEN listed.programme_id IS NOT NULL
            THEN nextval(pg_get_serial_sequence('memberships_enrolment', 'id'))
        END AS wallet_id
    FROM (
        SELECT s.*
        FROM memberships_staged_person s
        WHERE s.batch_id = %(batch)s AND s.line BETWEEN %(first)s AND %(last)s AND s.verdict = 'new'
            AND NOT EXISTS (
                SELECT FROM operations_importrow done WHERE done.batch_id = s.batch_id AND done.line = s.line
            )
        ORDER BY s.line
    ) listed
),
claimed AS (
    INSERT INTO memberships_memberreference (member_id, source, external_id)
    SELECT member_id, known_to, external_id
    FROM incoming
    ORDER BY known_to, external_id
    ON CONFLICT DO NOTHING
    RETURNING member_id
),
members AS (
    INSERT INTO memberships_member (id, kind, joined_on)
    SELECT member_id, 'person', coalesce(joined_on, %(on)s) FROM incoming JOIN claimed USING (member_id)
),
contacts AS (
    INSERT INTO memberships_membercontact (member_id, is_primary, name, mobile, email, language)
    SELECT
        member_id, true, coalesce(name, ''), coalesce(mobile, ''), coalesce(email, ''), coalesce(language, '')
    FROM incoming JOIN claimed USING (member_id)
    WHERE coalesce(name, mobile, email) IS NOT NULL
),
wallets AS (
    INSERT INTO memberships_enrolment (id, member_id, programme_id, scope, enrolled_on, balance)
    SELECT wallet_id, member_id, programme_id, coalesce(scope, ''), coalesce(joined_on, %(on)s), 0
    FROM incoming JOIN claimed USING (member_id)
    WHERE wallet_id IS NOT NULL
),
noted AS (
    INSERT INTO operations_importrow (batch_id, line, verdict, outcome, object_id, label)
    SELECT
        batch_id, line, verdict, CASE WHEN claimed.member_id IS NULL THEN 'left_out' ELSE 'applied' END,
        claimed.member_id, external_id
    FROM incoming LEFT JOIN claimed USING (member_id)
)
SELECT
    array_agg(wallet_id ORDER BY line), array_agg(opening_points ORDER BY line),
    array_agg('opening:' || wallet_id ORDER BY line), array_agg('opening-balance'::text ORDER BY line),
    array_agg(coalesce(expires_on, memberships_points_expire_on(programme_id, %(on)s)) ORDER BY line),
    array_agg(0 ORDER BY line), array_agg(known_to ORDER BY line)
FROM incoming JOIN claimed USING (member_id)
WHERE opening_points > 0

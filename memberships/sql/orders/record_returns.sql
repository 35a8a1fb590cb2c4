-- Record some returns, with what they took back; their ids, in the order of the list. Wallet and category are the order's.
-- Inserts orders; the wallets are locked by the caller, who has seen that the numbers are new. A number that somebody
-- claims at the same time is an error: never run twice.
WITH listed AS MATERIALIZED (
    SELECT asked.*, bought.member_id, bought.enrolment_id, bought.category,
        nextval(pg_get_serial_sequence('memberships_order', 'id')) AS id
    FROM unnest(
        %(bought)s::bigint[], %(numbers)s::text[], %(amounts)s::numeric[], %(days)s::date[], %(points)s::bigint[],
        %(qualifying)s::bigint[]
    ) WITH ORDINALITY AS asked (bought_id, number, amount, ordered_on, points, qualifying, place)
    JOIN memberships_order bought ON bought.id = asked.bought_id
), made AS (
    INSERT INTO memberships_order
        (id, member_id, enrolment_id, number, returns_id, category, amount, ordered_on, recorded_at, points, qualifying)
    SELECT id, member_id, enrolment_id, number, bought_id, category, amount, ordered_on, %(at)s, points, qualifying
    FROM listed
    ORDER BY number
)
SELECT id FROM listed ORDER BY place

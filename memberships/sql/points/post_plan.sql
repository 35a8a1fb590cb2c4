-- Cut the wallets with pending lots whose return window is over before a day into ranges of about so many lots each, none
-- of them in two ranges: first and last wallet, and how many there are. Wallets of an approved dry run are in it.
-- Reads only.
WITH due AS (
    SELECT enrolment_id, count(*)::int AS lots FROM memberships_pointslot WHERE pending_until < %(on)s GROUP BY enrolment_id
), wallets AS (
    SELECT coalesce(due.enrolment_id, item.key) AS id, coalesce(due.lots, 1) AS lots
    FROM due
    FULL JOIN (SELECT key FROM operations_runitem WHERE run_id = %(approved)s) AS item ON item.key = due.enrolment_id
), numbered AS (
    SELECT id, (sum(lots) OVER (ORDER BY id ROWS UNBOUNDED PRECEDING) - lots) / %(chunk_lots)s AS chunk FROM wallets
)
SELECT min(id), max(id), count(*) FROM numbered GROUP BY chunk ORDER BY chunk

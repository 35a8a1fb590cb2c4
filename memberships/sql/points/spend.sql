-- Spend points of a wallet, in one statement: see spend_points.sql.
SELECT outcome, entry_id, spendable
FROM memberships_spend_points(
    %(wallet)s, %(points)s, %(key)s, %(on)s, %(at)s, %(actor)s::bigint, %(reason)s
)

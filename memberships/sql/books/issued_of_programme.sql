-- Programmes of which something else was issued than is outstanding (in wallets, or pending), was spent, expired or was
-- taken back: each account's sum is of its own side of the entries. Points that were adjusted by hand count as issued
-- where they were given and as taken back where they were taken. One pass over all entries.
WITH booked AS (
    SELECT wallet.programme_id,
        sum(abs(entry.points)) FILTER (WHERE entry.debit IN ('issued', 'adjustment')) AS issued,
        sum(abs(entry.points)) FILTER (WHERE entry.credit IN ('issued', 'adjustment')) AS reversed,
        -- An entry is negative where it takes from the wallet.
        -sum(entry.points) FILTER (WHERE 'redeemed' IN (entry.debit, entry.credit)) AS spent,
        -sum(entry.points) FILTER (WHERE 'breakage' IN (entry.debit, entry.credit)) AS expired
    FROM memberships_pointsentry entry
    JOIN memberships_enrolment wallet ON wallet.id = entry.enrolment_id
    GROUP BY wallet.programme_id
), held AS (
    SELECT programme_id, sum(balance + pending) AS outstanding FROM memberships_enrolment GROUP BY programme_id
), compared AS (
    SELECT programme.id, coalesce(booked.issued, 0) AS issued,
        coalesce(held.outstanding, 0) + coalesce(booked.spent, 0) + coalesce(booked.expired, 0)
            + coalesce(booked.reversed, 0) AS accounted
    FROM memberships_programme programme
    LEFT JOIN booked ON booked.programme_id = programme.id
    LEFT JOIN held ON held.programme_id = programme.id
    WHERE programme.id BETWEEN %(first)s AND %(last)s
)
SELECT id, NULL AS member_id, issued, accounted FROM compared WHERE issued <> accounted ORDER BY id

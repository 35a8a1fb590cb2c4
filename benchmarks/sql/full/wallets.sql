-- Each person's wallet, with the balance that its lots come to.
INSERT INTO memberships_enrolment (id, member_id, programme_id, enrolled_on, balance, pending)
SELECT wallet, bench.person(wallet), bench.programme(wallet), %(on)s::date - 1400, held.balance, held.pending
FROM (SELECT wallet, bench.place_of(wallet) AS place FROM generate_series(1, %(members)s::bigint) AS wallet) AS placed,
    LATERAL (
        SELECT coalesce(sum(lot.remaining) FILTER (WHERE lot.pending_until IS NULL), 0) AS balance,
            coalesce(sum(lot.remaining) FILTER (WHERE lot.pending_until IS NOT NULL), 0) AS pending
        FROM generate_series(0, %(lots_each)s - 1) AS span, LATERAL bench.lot(placed.wallet, span, placed.place) AS lot
    ) AS held

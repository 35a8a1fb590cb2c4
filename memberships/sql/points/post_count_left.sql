-- How many wallets of a range the execution of a dry run of postings left: those it left out, and those with points to be
-- posted, which the dry run had not seen. Reads only.
SELECT count(*)
FROM (
    SELECT key
    FROM operations_runitem
    WHERE run_id = %(approved)s AND key BETWEEN %(first)s AND %(last)s AND outcome = 'left_out'
    UNION
    SELECT lot.enrolment_id
    FROM memberships_pointslot lot
    WHERE lot.pending_until < %(on)s AND lot.enrolment_id BETWEEN %(first)s AND %(last)s
        AND (lot.remaining > 0 OR lot.qualifying > 0)
) AS wallets

-- What a due card would be charged for now; no row when it is not due. Reads only.
SELECT amount, term_number, starts_on, ends_on, method_id
FROM memberships_due_renewals(%(on)s, %(card)s, %(card)s)

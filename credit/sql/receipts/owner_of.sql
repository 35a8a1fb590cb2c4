-- Whose one payment is: line, member, rule; no row where nothing says so. Reads only.
SELECT line_id, member_id, rule
FROM credit_owners(
    ARRAY[1]::bigint[], ARRAY[%(reference)s]::text[], ARRAY[%(account)s]::text[], ARRAY[%(payer)s]::text[], %(on)s::date
)

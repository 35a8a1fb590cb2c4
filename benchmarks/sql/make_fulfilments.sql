-- So many fulfilments of two offers, active since the month's fifth day, each of a grant and member of its own that
-- are not made: only the statement's side is measured.
INSERT INTO partners_fulfilment (
    id, member_id, grant_id, offer_id, partner_id, key, wanted, state, reference, sequence, requested_on, requested_at,
    activated_on, error
)
SELECT
    nextval('partners_fulfilment_id_seq'), number, number, CASE number %% 2 WHEN 0 THEN %(first)s ELSE %(second)s END,
    %(partner)s, 'f' || number || '-' || left(md5(number::text), 12), 'active', 'active', 'IQ' || lpad(number::text, 10, '0'),
    2, %(on)s::date + 4, %(at)s, %(on)s::date + 4, ''
FROM generate_series(1, %(rows)s) number

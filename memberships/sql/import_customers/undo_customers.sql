-- Put back what the range's changed rows wrote over in the firms themselves.
UPDATE memberships_enterprisecustomer c
SET legal_name = coalesce(r.before ->> 'legal_name', c.legal_name),
    credit_code = coalesce(r.before ->> 'credit_code', c.credit_code),
    external_id = CASE WHEN r.before ? 'external_id' THEN nullif(r.before ->> 'external_id', '') ELSE c.external_id END,
    province = coalesce(r.before ->> 'province', c.province),
    city = coalesce(r.before ->> 'city', c.city),
    industry = coalesce(r.before ->> 'industry', c.industry),
    size = coalesce(r.before ->> 'size', c.size),
    flags = CASE WHEN r.before ? 'flags' THEN coalesce(string_to_array(nullif(r.before ->> 'flags', ''), ', '), '{}') ELSE c.flags END,
    remarks = coalesce(r.before ->> 'remarks', c.remarks)
FROM operations_importrow r
WHERE r.batch_id = %(batch)s AND r.line BETWEEN %(first)s AND %(last)s AND r.outcome = 'applied'
    AND r.verdict = 'changed' AND c.member_id = r.object_id
    AND r.before ?| ARRAY[
        'legal_name', 'credit_code', 'external_id', 'province', 'city', 'industry', 'size', 'flags', 'remarks'
    ]

-- Write what the range's changed rows say of the firms themselves; a staged NULL keeps, a cleared field blanks.
UPDATE memberships_enterprisecustomer c
SET legal_name = coalesce(s.legal_name, c.legal_name),
    credit_code = coalesce(s.credit_code, c.credit_code),
    external_id = CASE WHEN 'external_id' = ANY (s.clears) THEN NULL ELSE coalesce(s.external_id, c.external_id) END,
    province = CASE WHEN 'province' = ANY (s.clears) THEN '' ELSE coalesce(s.province, c.province) END,
    city = CASE WHEN 'city' = ANY (s.clears) THEN '' ELSE coalesce(s.city, c.city) END,
    industry = CASE WHEN 'industry' = ANY (s.clears) THEN '' ELSE coalesce(s.industry, c.industry) END,
    size = CASE WHEN 'size' = ANY (s.clears) THEN '' ELSE coalesce(s.size, c.size) END,
    flags = CASE WHEN 'flags' = ANY (s.clears) THEN '{}' ELSE coalesce(s.flags, c.flags) END,
    remarks = CASE WHEN 'remarks' = ANY (s.clears) THEN '' ELSE coalesce(s.remarks, c.remarks) END
FROM memberships_staged_enterprise_customer s
JOIN operations_importrow seen ON seen.batch_id = s.batch_id AND seen.line = s.line
WHERE s.batch_id = %(batch)s AND s.line BETWEEN %(first)s AND %(last)s AND s.verdict = 'changed'
    AND seen.outcome = 'previewed' AND c.member_id = s.object_id
    AND seen.before ?| ARRAY[
        'legal_name', 'credit_code', 'external_id', 'province', 'city', 'industry', 'size', 'flags', 'remarks'
    ]

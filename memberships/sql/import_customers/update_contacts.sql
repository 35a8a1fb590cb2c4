-- Write what the range's changed rows say of the primary contacts; a firm without one gets one. The members
-- are locked, so the contact read here is the one written over.
INSERT INTO memberships_membercontact (member_id, is_primary, name, mobile, email)
SELECT
    s.object_id, true,
    CASE WHEN 'contact_name' = ANY (s.clears) THEN '' ELSE coalesce(s.contact_name, contact.name, '') END,
    CASE WHEN 'mobile' = ANY (s.clears) THEN '' ELSE coalesce(s.mobile, contact.mobile, '') END,
    CASE WHEN 'email' = ANY (s.clears) THEN '' ELSE coalesce(s.email, contact.email, '') END
FROM memberships_staged_enterprise_customer s
JOIN operations_importrow seen ON seen.batch_id = s.batch_id AND seen.line = s.line
LEFT JOIN memberships_membercontact contact ON contact.member_id = s.object_id AND contact.is_primary
WHERE s.batch_id = %(batch)s AND s.line BETWEEN %(first)s AND %(last)s AND s.verdict = 'changed'
    AND seen.outcome = 'previewed' AND seen.before ?| ARRAY['contact_name', 'mobile', 'email']
ON CONFLICT (member_id) WHERE is_primary DO UPDATE
SET name = excluded.name, mobile = excluded.mobile, email = excluded.email

-- Put back what the range's changed rows wrote over in the primary contacts.
UPDATE memberships_membercontact k
SET name = coalesce(r.before ->> 'contact_name', k.name),
    mobile = coalesce(r.before ->> 'mobile', k.mobile),
    email = coalesce(r.before ->> 'email', k.email)
FROM operations_importrow r
WHERE r.batch_id = %(batch)s AND r.line BETWEEN %(first)s AND %(last)s AND r.outcome = 'applied'
    AND r.verdict = 'changed' AND k.member_id = r.object_id AND k.is_primary
    AND r.before ?| ARRAY['contact_name', 'mobile', 'email']

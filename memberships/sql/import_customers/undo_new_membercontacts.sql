-- Delete the rows of new customers of the range; whatever else refers to them forbids it (foreign key).
DELETE FROM memberships_membercontact gone
USING operations_importrow r
WHERE r.batch_id = %(batch)s AND r.line BETWEEN %(first)s AND %(last)s AND r.outcome = 'applied'
    AND r.verdict = 'new' AND gone.member_id = r.object_id

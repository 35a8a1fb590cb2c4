-- Staged again after a crash, a row says "unchanged" whose customer did not exist at the preview: it was "new"
-- then, and is so again, for the application to name it and leave it out. What a customer was at the preview
-- stands in the audit trail. Touches staging rows of the batch only.
UPDATE memberships_staged_enterprise_customer s
SET verdict = 'new'
WHERE s.batch_id = %(batch)s AND s.verdict = 'unchanged'
    AND EXISTS (
        SELECT FROM memberships_enterprisecustomerevent later
        WHERE later.pgh_obj_id = s.object_id AND later.pgh_created_at > %(checked_at)s
    )
    AND NOT coalesce((
        SELECT was.credit_code = s.credit_code OR was.external_id IS NOT DISTINCT FROM s.external_id
        FROM memberships_enterprisecustomerevent was
        WHERE was.pgh_obj_id = s.object_id AND was.pgh_created_at <= %(checked_at)s
        ORDER BY was.pgh_id DESC
        LIMIT 1
    ), false)

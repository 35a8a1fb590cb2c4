-- Whether a text message goes to a member: there is a mobile of their primary contact, which does not refuse text messages,
-- unless the notice is required by law or contract. Reads only.
CREATE OR REPLACE FUNCTION memberships_notice_takes_sms(owner bigint, is_required boolean)
RETURNS boolean
LANGUAGE sql STABLE AS $function$
SELECT EXISTS (
    SELECT FROM memberships_membercontact contact
    WHERE contact.member_id = $1 AND contact.is_primary AND contact.mobile <> ''
        AND (contact.sms_refused_at IS NULL OR $2)
)
$function$;

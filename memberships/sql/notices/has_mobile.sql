-- Whether a text message reaches a member: by the mobile of their primary contact. Reads only.
CREATE OR REPLACE FUNCTION memberships_notice_has_mobile(owner bigint)
RETURNS boolean
LANGUAGE sql STABLE AS $function$
SELECT EXISTS (
    SELECT FROM memberships_membercontact contact
    WHERE contact.member_id = $1 AND contact.is_primary AND contact.mobile <> ''
)
$function$;

-- And an e-mail.
CREATE OR REPLACE FUNCTION memberships_notice_has_email(owner bigint)
RETURNS boolean
LANGUAGE sql STABLE AS $function$
SELECT EXISTS (
    SELECT FROM memberships_membercontact contact
    WHERE contact.member_id = $1 AND contact.is_primary AND contact.email <> ''
)
$function$;

-- Pairs of records that may be of one person or firm, among the newest members: persons with the same mobile, firms of the
-- same legal name. Whether it is a mobile or a name, the older record, the newer one.
-- Reads as many contacts and firms as `newest` says, the last ones by key, and looks each up by an index; at most `size`
-- pairs of either. Reads only.
(
    SELECT 'mobile' AS what, older.member_id, newer.member_id
    FROM (
        SELECT id, member_id, mobile FROM memberships_membercontact ORDER BY id DESC LIMIT %(newest)s
    ) AS newer
    JOIN memberships_member person ON person.id = newer.member_id AND person.kind = 'person' AND person.closed_on IS NULL
    JOIN memberships_membercontact older
        ON older.mobile = newer.mobile AND older.mobile <> '' AND older.member_id < newer.member_id
    JOIN memberships_member other ON other.id = older.member_id AND other.kind = 'person' AND other.closed_on IS NULL
    ORDER BY newer.id DESC, older.id
    LIMIT %(size)s
)
UNION ALL
(
    SELECT 'name', older.member_id, newer.member_id
    FROM (
        SELECT member_id, legal_name FROM memberships_enterprisecustomer ORDER BY member_id DESC LIMIT %(newest)s
    ) AS newer
    JOIN memberships_member firm ON firm.id = newer.member_id AND firm.closed_on IS NULL
    JOIN memberships_enterprisecustomer older
        ON older.legal_name = newer.legal_name AND older.member_id < newer.member_id
    JOIN memberships_member other ON other.id = older.member_id AND other.closed_on IS NULL
    ORDER BY newer.member_id DESC, older.member_id
    LIMIT %(size)s
)

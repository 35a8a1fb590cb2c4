-- What a night makes of the active and the requested matches of a range of ids: asked by its dry run and by the night itself.
--   end     its last day is over
--   give_up the partner never answered, and its last day is over
--   revoke  our tier, for which the partner gave theirs, is held no longer
--   renew   it ends within `lead` days, the tier lasts, and the rule that is in force then renews; once
-- A renewal goes by the outbound rule of the partner in force on its first day for the highest tier that the member holds
-- by now, in the group of the match: who rose is matched higher, and a new version of a rule takes over from the former.
-- `renewal_rule` is that rule, NULL of what is not renewed. seen: a fingerprint of what it rests on.
CREATE OR REPLACE FUNCTION partners_match_changes(first_id bigint, last_id bigint, day date, lead integer)
RETURNS TABLE (match_id bigint, member_id bigint, kind text, renewal_rule bigint, seen bigint)
LANGUAGE sql STABLE AS $function$
SELECT
    found.id, found.member_id, found.kind, found.renewal_rule,
    hashtextextended(concat_ws('|', found.kind, found.id, found.valid_until, found.renewal_rule), 0)
FROM (
    SELECT match.id, match.member_id, match.valid_until, renewal.rule_id AS renewal_rule, CASE
        WHEN match.valid_until < day THEN CASE match.state WHEN 'active' THEN 'end' ELSE 'give_up' END
        WHEN match.direction = 'outbound' AND NOT held.is_held THEN 'revoke'
        WHEN renewal.rule_id IS NOT NULL THEN 'renew'
    END AS kind
    FROM partners_statusmatch match
    JOIN partners_statusmatchrule rule ON rule.id = match.rule_id
    JOIN memberships_tier wanted ON wanted.id = rule.tier_id
    CROSS JOIN LATERAL (
        SELECT EXISTS (
            SELECT FROM memberships_tierstanding standing
            JOIN memberships_tier tier ON tier.id = standing.tier_id
            WHERE standing.member_id = match.member_id AND standing.group_id = wanted.group_id
                AND tier.rank >= wanted.rank
        ) AS is_held
    ) AS held
    LEFT JOIN LATERAL (
        SELECT best.rule_id
        FROM (
            SELECT candidate.id AS rule_id, candidate.is_renewed
            FROM memberships_tierstanding standing
            JOIN memberships_tier own ON own.id = standing.tier_id
            JOIN memberships_tier matched ON matched.group_id = own.group_id AND matched.rank <= own.rank
            JOIN partners_statusmatchrule candidate ON candidate.tier_id = matched.id
            WHERE standing.member_id = match.member_id AND standing.group_id = wanted.group_id
                AND candidate.partner_id = match.partner_id AND candidate.direction = 'outbound'
                AND candidate.starts_on <= match.valid_until + 1
                AND (candidate.ends_on IS NULL OR candidate.ends_on > match.valid_until)
            ORDER BY matched.rank DESC, candidate.starts_on DESC, candidate.id DESC
            LIMIT 1
        ) AS best
        WHERE best.is_renewed
    ) AS renewal ON match.direction = 'outbound' AND match.state = 'active' AND held.is_held
        AND match.valid_until >= day AND match.valid_until - day < lead
        AND NOT EXISTS (SELECT FROM partners_statusmatch next WHERE next.renews_id = match.id)
    WHERE match.state IN ('active', 'requested') AND match.id BETWEEN first_id AND last_id
) AS found
WHERE found.kind IS NOT NULL
$function$;

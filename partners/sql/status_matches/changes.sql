-- What a night makes of the active and the requested matches of a range of ids: asked by its dry run and by the night itself.
--   end     its last day is over
--   give_up the partner never answered, and its last day is over
--   revoke  our tier, for which the partner gave theirs, is held no longer
--   renew   it ends within `lead` days, and the rule renews it while the tier lasts; once
-- seen: a fingerprint of what it rests on.
CREATE OR REPLACE FUNCTION partners_match_changes(first_id bigint, last_id bigint, day date, lead integer)
RETURNS TABLE (match_id bigint, member_id bigint, kind text, seen bigint)
LANGUAGE sql STABLE AS $function$
SELECT found.id, found.member_id, found.kind, hashtextextended(concat_ws('|', found.kind, found.id, found.valid_until), 0)
FROM (
    SELECT match.id, match.member_id, match.valid_until, CASE
        WHEN match.valid_until < day THEN CASE match.state WHEN 'active' THEN 'end' ELSE 'give_up' END
        WHEN match.direction = 'outbound' AND NOT held.is_held THEN 'revoke'
        WHEN match.direction = 'outbound' AND match.state = 'active' AND rule.is_renewed AND match.valid_until - day < lead
            AND (rule.ends_on IS NULL OR rule.ends_on > match.valid_until)
            AND NOT EXISTS (SELECT FROM partners_statusmatch next WHERE next.renews_id = match.id)
        THEN 'renew'
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
    WHERE match.state IN ('active', 'requested') AND match.id BETWEEN first_id AND last_id
) AS found
WHERE found.kind IS NOT NULL
$function$;

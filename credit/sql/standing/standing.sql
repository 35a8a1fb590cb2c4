-- What an offer needs of a firm before credit is granted (credit/policies.py, STANDING), and what is there on a day: for
-- each fact that is needed, how much, what was found, and whether that is enough.
--
-- member_days, card_days  days since it joined, since the card began
-- spent                   orders of the last so many days in the programme's wallets, less what came back of them
-- tier                    the rank on the ladder: of the tier that is needed, and of the tier it stands on (0: none)
--
-- Reads, locks nothing.
CREATE OR REPLACE FUNCTION credit_standing(subscription bigint, needed jsonb, day date)
RETURNS TABLE (fact text, wanted numeric, found numeric, is_met boolean)
LANGUAGE sql STABLE AS $function$
    SELECT each.fact, each.wanted, each.found, coalesce(each.found >= each.wanted, false)
    FROM memberships_subscription card
    JOIN memberships_member member ON member.id = card.member_id
    CROSS JOIN LATERAL (
        SELECT 1 AS place, 'member_days' AS fact, (needed ->> 'member_days')::numeric AS wanted,
            (day - member.joined_on)::numeric AS found
        UNION ALL
        SELECT 2, 'card_days', (needed ->> 'card_days')::numeric, (day - card.started_on)::numeric
        UNION ALL
        SELECT 3, 'spent', (needed -> 'spent' ->> 'amount')::numeric, (
            SELECT coalesce(sum(CASE WHEN purchase.returns_id IS NULL THEN purchase.amount ELSE -purchase.amount END), 0)
            FROM memberships_enrolment wallet
            JOIN memberships_order purchase ON purchase.enrolment_id = wallet.id
            WHERE wallet.member_id = card.member_id AND wallet.programme_id = card.programme_id
                AND purchase.ordered_on > day - (needed -> 'spent' ->> 'days')::integer AND purchase.ordered_on <= day
        )
        UNION ALL
        SELECT 4, 'tier', coalesce((
            SELECT tier.rank::numeric
            FROM memberships_tiergroup ladder
            JOIN memberships_tier tier ON tier.group_id = ladder.id AND tier.code = needed -> 'tier' ->> 'code'
            WHERE ladder.programme_id = card.programme_id AND ladder.code = needed -> 'tier' ->> 'group'
        ), 'infinity'), (
            SELECT coalesce(max(tier.rank), 0)::numeric
            FROM memberships_enrolment wallet
            JOIN memberships_tierstanding standing ON standing.enrolment_id = wallet.id
            JOIN memberships_tiergroup ladder ON ladder.id = standing.group_id
            JOIN memberships_tier tier ON tier.id = standing.tier_id
            WHERE wallet.member_id = card.member_id AND wallet.programme_id = card.programme_id
                AND ladder.code = needed -> 'tier' ->> 'group'
        )
    ) AS each
    WHERE card.id = subscription AND needed ? each.fact
    ORDER BY each.place
$function$;

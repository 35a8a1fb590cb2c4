-- Why the card of a line lets nothing be drawn on a day: 'over' when none is held, 'in_grace' when the policy gives no
-- draws then, 'too_late' when it was renewed after the days in which that takes the line up again; NULL: it does not.
-- By the facts of the cards: no job need have run. What stands in the line's own columns is not asked. Locks nothing.
CREATE OR REPLACE FUNCTION credit_card_stops(line bigint, day date) RETURNS text
LANGUAGE sql STABLE AS $function$
    SELECT CASE
        WHEN held.subscription_id IS NULL THEN 'over'
        WHEN held.subscription_id <> own.subscription_id
            AND day - credit_card_over_since(own.subscription_id) > lapse.reinstate_days THEN 'too_late'
        WHEN held.standing = 'in_grace' AND NOT lapse.draws_in_grace THEN 'in_grace'
    END
    FROM credit_creditline own
    CROSS JOIN LATERAL credit_lapse_on(own.programme_id, day) AS lapse
    LEFT JOIN LATERAL credit_held_card(own.member_id, own.programme_id, own.subscription_id, day) AS held ON true
    WHERE own.id = line
$function$;

-- Take a redemption back: its units and its cost come back to stock and budget, its quantity counts against no quota any
-- more, and the message says so.
-- The caller holds the lock of the member's Usage row, has seen that the redemption may come back, has ended what is held
-- of it, and has given the points back (`entry`), which locked the wallet. Locks the stock, then the budget. Never run
-- twice: the redemption's state has one way.
CREATE OR REPLACE FUNCTION benefits_return_redemption(
    returned bigint, key_of_return text, entry bigint, day date, moment timestamptz, operator bigint, why text
)
RETURNS void
LANGUAGE plpgsql VOLATILE AS $function$
DECLARE
    redemption benefits_redemption%ROWTYPE;
    draw benefits_budgetentry%ROWTYPE;
BEGIN
    UPDATE benefits_redemption
    SET state = 'returned', return_key = key_of_return, return_entry_id = entry, returned_on = day,
        returned_at = moment, returned_by_id = operator, return_reason = why
    WHERE id = returned
    RETURNING * INTO STRICT redemption;

    WITH message AS (
        INSERT INTO operations_outboxmessage
            (topic, key, owner, payload, state, attempts, error, created_at, next_attempt_at)
        SELECT 'benefit.returned', 'benefit-returned:' || returned, redemption.member_id,
            jsonb_build_object(
                'member', redemption.member_id, 'redemption', returned, 'key', redemption.key,
                'return_key', key_of_return, 'benefit', benefit.id, 'code', benefit.code,
                'quantity', redemption.quantity, 'points', redemption.points, 'on', day,
                'grant', (SELECT id FROM benefits_grant WHERE redemption_id = returned)
            ),
            'queued', 0, '', moment, moment
        FROM benefits_benefit benefit
        WHERE benefit.id = redemption.benefit_id
    )
    UPDATE benefits_usage
    SET uses = uses - redemption.quantity
    WHERE member_id = redemption.member_id AND benefit_id = redemption.benefit_id;

    IF EXISTS (SELECT FROM benefits_benefitstock WHERE benefit_id = redemption.benefit_id) THEN
        UPDATE benefits_benefitstock
        SET taken = taken - redemption.quantity
        WHERE benefit_id = redemption.benefit_id;
    END IF;

    -- It comes back to the budget that it was drawn on, whatever the benefit's budget is by now. There are few.
    SELECT * INTO draw
    FROM benefits_budgetentry
    WHERE budget_id = ANY(ARRAY(SELECT id FROM benefits_budget)) AND key = 'redemption:' || returned;
    IF FOUND THEN
        UPDATE benefits_budget SET spent = spent - draw.amount WHERE id = draw.budget_id;
        INSERT INTO benefits_budgetentry (budget_id, key, kind, amount, "on", at, actor_id, reason)
        VALUES (draw.budget_id, 'return:' || returned, 'return', -draw.amount, day, moment, operator, why);
    END IF;
END
$function$;

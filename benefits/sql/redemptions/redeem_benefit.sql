-- One use of a benefit by a member: is there a right to it, a quota, points, stock, budget? Then the redemption with all
-- that it took, what is held of it, the counts and the message. All or nothing; `outcome` says what became of it:
--   redeemed       done; redemption_id and the other fields say what was taken and given
--   repeated       the key was used for the same before: redemption_id is that first one
--   conflicting    the key was used for something else
--   retired        nobody is entitled to the benefit any more
--   not_entitled   no rule entitles the member to it on that day, in that category and region
--   several_stores the member has it in several stores, and none was named
--   not_chosen     it is one of a choice group's, and was not chosen; window_until: when one chooses anew
--   given          the rule that holds gives it by itself: there is nothing to redeem
--   one_at_a_time  several of a coupon were asked for: each is for one order, and a redemption of its own
--   used_up        no rule that entitles the member has as much left: quota, used, remaining, window_until
--   lacking        the wallet has not as many points: points were asked for, spendable can be spent
--   out_of_stock   fewer units are left than were asked for, here or where a floor above counts them (it refuses the
--                  grant with a check_violation of the constraint "stock_exhausted")
--   too_many       so many come to more points or CNY than can be booked
--   over_budget    the budget's days are over or not begun, or it has not as much left
--   stopped        the budget is a campaign's that was stopped by hand
--   not_targeted   it is a campaign's that is for members of a segment, or of some cohorts, and this is none
--
-- Locks, in this order: the member's Usage row of the benefit (made when there is none), the benefit (its key only, as a
-- foreign key does), the wallet that pays, what triggers on grants lock, the benefit's stock, its budget. The last two
-- are shared by all members: they come last. What a lock is for is looked at by another statement than the one that
-- waits for it, so that it is seen what others did meanwhile.
-- A refusal undoes all of it, so that a member who was refused has no Usage row for it.
-- May run twice: a redemption is made once under its key.
CREATE OR REPLACE FUNCTION benefits_redeem(
    redeemer bigint, wanted bigint, redeem_key text, amount bigint, asked_category text, asked_region text,
    asked_store bigint, for_order text, day date, moment timestamptz, operator bigint, why text, held_kinds text[],
    OUT outcome text, OUT redemption_id bigint, OUT rule_id bigint, OUT store_id bigint, OUT category text,
    OUT window_kind text, OUT window_from date, OUT window_until date, OUT points bigint, OUT points_entry_id bigint,
    OUT price numeric, OUT face_value numeric, OUT cost numeric, OUT funder text, OUT grant_id bigint,
    OUT quota bigint, OUT used bigint, OUT remaining bigint, OUT spendable bigint
)
LANGUAGE plpgsql VOLATILE AS $function$
#variable_conflict use_column
DECLARE
    usage_id bigint;
    earlier benefits_redemption%ROWTYPE;
    benefit benefits_benefit%ROWTYPE;
    line record;
    spent record;
    campaign record;
    broken text;
BEGIN
    SELECT id INTO usage_id
    FROM benefits_usage
    WHERE member_id = redeemer AND benefit_id = wanted
    FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        INSERT INTO benefits_usage (member_id, benefit_id, uses)
        VALUES (redeemer, wanted, 0)
        ON CONFLICT (member_id, benefit_id) DO NOTHING
        RETURNING id INTO usage_id;
        IF NOT FOUND THEN
            SELECT id INTO usage_id
            FROM benefits_usage
            WHERE member_id = redeemer AND benefit_id = wanted
            FOR NO KEY UPDATE;
        END IF;
    END IF;

    SELECT * INTO earlier FROM benefits_redemption WHERE member_id = redeemer AND key = redeem_key;
    IF FOUND THEN
        IF (earlier.benefit_id, earlier.quantity, earlier.asked_category, earlier.order_number)
            = (wanted, amount, asked_category, for_order)
            AND (asked_store IS NULL OR coalesce(earlier.enrolment_id, asked_store) = asked_store)
        THEN
            outcome := 'repeated';
            redemption_id := earlier.id;
            RETURN;
        END IF;
        outcome := 'conflicting';
        RAISE EXCEPTION 'refused' USING ERRCODE = 'PLDSK';
    END IF;

    -- Nobody begins to count the benefit's units before this is over (services/stocks.py).
    SELECT * INTO benefit FROM benefits_benefit WHERE id = wanted FOR KEY SHARE;
    IF benefit.retired_on <= day THEN
        outcome := 'retired';
        RAISE EXCEPTION 'refused' USING ERRCODE = 'PLDSK';
    END IF;

    IF benefit.kind = 'coupon' AND amount > 1 THEN
        outcome := 'one_at_a_time';
        RAISE EXCEPTION 'refused' USING ERRCODE = 'PLDSK';
    END IF;

    -- The first rule, in the order in which they are used, of which as much is left; else the first.
    -- What is given by itself is not redeemed as well: such a rule serves no use. Where the best rule counts and it is
    -- the best, none does; where rules add up, the others do.
    SELECT lines.*, rule."window" AS window_kind INTO line
    FROM (
        SELECT own.*,
            own.place IS NOT NULL AND (own.quota IS NULL OR own."left" >= amount) AND NOT own.is_given AS serves,
            min(own.store_id) OVER () IS DISTINCT FROM max(own.store_id) OVER () AS is_of_several,
            sum(own.quota) FILTER (WHERE NOT own.is_automatic) OVER parallel AS quota_in_all,
            sum(own.used) FILTER (WHERE NOT own.is_automatic) OVER parallel AS used_in_all,
            max(own."left") FILTER (WHERE NOT own.is_automatic) OVER parallel AS most_left
        FROM (
            SELECT rights.*,
                rights.is_automatic OR (rights.combine = 'best' AND bool_or(rights.is_automatic AND rights.place = 1)
                    OVER (PARTITION BY rights.store_id, rights.place IS NULL)) AS is_given
            FROM benefits_rights(redeemer, day, wanted, asked_category, asked_region) AS rights
            WHERE asked_store IS NULL OR coalesce(rights.store_id, rights.wallet_id, asked_store) = asked_store
        ) AS own
        WINDOW parallel AS (PARTITION BY own.store_id, own.place IS NULL)
    ) AS lines
    JOIN benefits_benefitrule rule ON rule.id = lines.rule_id
    ORDER BY lines.place IS NULL, NOT lines.serves, (lines.store_id IS NULL) = (asked_store IS NOT NULL),
        lines.is_automatic, lines.place
    LIMIT 1;
    outcome := CASE
        WHEN line.rule_id IS NULL THEN 'not_entitled'
        WHEN line.store_id IS NOT NULL AND asked_store IS NULL AND line.is_of_several THEN 'several_stores'
        WHEN line.place IS NULL THEN 'not_chosen'
        WHEN line.is_given THEN 'given'
        WHEN NOT line.serves THEN 'used_up'
    END;
    IF outcome IS NOT NULL THEN
        IF outcome = 'not_chosen' THEN
            window_from := line.group_from;
            window_until := line.group_after;
        ELSIF outcome = 'used_up' THEN
            window_kind := line.window_kind;
            window_from := line.window_from;
            window_until := line.window_after;
            quota := CASE benefit.combine WHEN 'sum' THEN line.quota_in_all ELSE line.quota END;
            used := CASE benefit.combine WHEN 'sum' THEN line.used_in_all ELSE line.used END;
            remaining := line.most_left;
        END IF;
        RAISE EXCEPTION 'refused' USING ERRCODE = 'PLDSK';
    END IF;

    -- Whom the campaign is for; cohorts as services/enrolments.py has them. A stop that is not committed yet does not hold.
    IF benefit.budget_id IS NOT NULL THEN
        SELECT stopped_at, segment, open_share INTO campaign
        FROM benefits_campaign
        WHERE budget_id = benefit.budget_id;
        IF FOUND THEN
            outcome := CASE
                WHEN campaign.stopped_at <= moment THEN 'stopped'
                WHEN ('x' || left(md5(redeemer::text), 8))::bit(32)::bigint % 10000 >= campaign.open_share * 10000
                    OR campaign.segment <> '' AND NOT EXISTS (
                        SELECT
                        FROM benefits_membersegment belongs
                        WHERE belongs.member_id = redeemer AND belongs.segment = campaign.segment
                            AND belongs.since <= day AND (belongs.until IS NULL OR belongs.until >= day)
                    )
                    THEN 'not_targeted'
            END;
            IF outcome IS NOT NULL THEN
                RAISE EXCEPTION 'refused' USING ERRCODE = 'PLDSK';
            END IF;
        END IF;
    END IF;

    redemption_id := nextval(pg_get_serial_sequence('benefits_redemption', 'id'));
    points := line.points_price * amount;
    IF points > 0 THEN
        SELECT * INTO spent
        FROM memberships_spend_points(
            line.wallet_id, points, 'redemption:' || redemption_id, day, moment, operator, why
        );
        IF spent.outcome <> 'spent' THEN
            -- No redemption had this number before: whoever had the key, it was for something else.
            outcome := CASE WHEN spent.outcome IN ('lacking', 'absent') THEN 'lacking' ELSE 'conflicting' END;
            spendable := coalesce(spent.spendable, 0);
            RAISE EXCEPTION 'refused' USING ERRCODE = 'PLDSK';
        END IF;
        points_entry_id := spent.entry_id;
    END IF;

    rule_id := line.rule_id;
    store_id := line.store_id;
    category := line.category;
    window_from := line.window_from;
    window_until := line.window_after;
    price := line.member_price * amount;
    face_value := benefit.face_value * amount;
    cost := benefit.unit_cost * amount;
    funder := benefit.funder;
    IF benefit.kind = ANY(held_kinds) THEN
        grant_id := nextval(pg_get_serial_sequence('benefits_grant', 'id'));
    END IF;
    WITH redemption AS (
        INSERT INTO benefits_redemption
            (id, member_id, benefit_id, rule_id, enrolment_id, key, category, asked_category, quantity, window_from,
            window_until, points, points_entry_id, price, face_value, cost, funder, order_number, "on", at, actor_id,
            reason)
        VALUES (
            redemption_id, redeemer, wanted, line.rule_id, line.store_id, redeem_key, line.category, asked_category,
            amount, line.window_from, line.window_after, points, points_entry_id, price, face_value, cost,
            benefit.funder, for_order, day, moment, operator, why
        )
    ), held AS (
        INSERT INTO benefits_grant
            (id, member_id, benefit_id, rule_id, redemption_id, key, quantity, valid_from, valid_until, given_on,
            given_at)
        SELECT grant_id, redeemer, wanted, line.rule_id, redemption_id, 'redeem:' || redeem_key, amount, day,
            day + benefit.valid_days - 1, day, moment
        WHERE grant_id IS NOT NULL
    ), message AS (
        INSERT INTO operations_outboxmessage
            (topic, key, owner, payload, state, attempts, error, created_at, next_attempt_at)
        VALUES (
            'benefit.redeemed', 'redeemed:' || redemption_id, redeemer,
            jsonb_build_object(
                'member', redeemer, 'redemption', redemption_id, 'key', redeem_key, 'benefit', wanted,
                'code', benefit.code, 'category', asked_category, 'quantity', amount, 'points', points,
                'price', price::text, 'order', for_order, 'on', day, 'grant', grant_id
            ),
            'queued', 0, '', moment, moment
        )
    )
    UPDATE benefits_usage SET uses = uses + amount WHERE id = usage_id;

    IF EXISTS (SELECT FROM benefits_benefitstock WHERE benefit_id = wanted) THEN
        UPDATE benefits_benefitstock SET taken = taken + amount WHERE benefit_id = wanted AND taken + amount <= total;
        IF NOT FOUND THEN
            outcome := 'out_of_stock';
            RAISE EXCEPTION 'refused' USING ERRCODE = 'PLDSK';
        END IF;
    END IF;
    IF benefit.budget_id IS NOT NULL THEN
        UPDATE benefits_budget
        SET spent = benefits_budget.spent + cost
        WHERE id = benefit.budget_id
            AND benefits_budget.spent + benefits_budget.reserved + cost <= benefits_budget.amount
            AND starts_on <= day AND (ends_on IS NULL OR ends_on >= day);
        IF NOT FOUND THEN
            outcome := 'over_budget';
            RAISE EXCEPTION 'refused' USING ERRCODE = 'PLDSK';
        END IF;
        INSERT INTO benefits_budgetentry (budget_id, key, kind, amount, "on", at, actor_id, reason)
        VALUES (benefit.budget_id, 'redemption:' || redemption_id, 'draw', cost, day, moment, operator, why);
    END IF;
    outcome := 'redeemed';
EXCEPTION
    WHEN SQLSTATE 'PLDSK' THEN
        redemption_id := NULL;
    WHEN check_violation THEN
        GET STACKED DIAGNOSTICS broken = CONSTRAINT_NAME;
        IF broken <> 'stock_exhausted' THEN
            RAISE;
        END IF;
        outcome := 'out_of_stock';
        redemption_id := NULL;
    WHEN numeric_value_out_of_range THEN
        outcome := 'too_many';
        redemption_id := NULL;
    WHEN unique_violation THEN
        GET STACKED DIAGNOSTICS broken = CONSTRAINT_NAME;
        -- The key was taken for another benefit, whose row is not locked, in this moment.
        IF broken NOT IN ('redemption_key', 'grant_key') THEN
            RAISE;
        END IF;
        outcome := 'conflicting';
        redemption_id := NULL;
END
$function$;

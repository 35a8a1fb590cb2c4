-- What a line lets be drawn on a day by the rules that count an order's own amount: `room` in all, by the limit and by the
-- share of it that may be used; `most` by one order, NULL: any. The other rules are told by credit_hindrances with an
-- amount of nothing. For lists of many draws; for one, credit_hindrances says the same. Reads, locks nothing.
CREATE OR REPLACE FUNCTION credit_room(credit_line bigint, day date, OUT room numeric, OUT most numeric)
LANGUAGE sql STABLE AS $function$
    SELECT
        least(line."limit", min(line."limit" * rule.threshold / 100) FILTER (WHERE rule.kind = 'used_share')) - line.used,
        min(rule.threshold) FILTER (WHERE rule.kind = 'order_amount')
    FROM (
        SELECT credit_limit_on(id, day) AS "limit", open_amount + authorised_amount - credit_held_over(id, day) AS used
        FROM credit_creditline
        WHERE id = credit_line
    ) AS line
    LEFT JOIN credit_blocking_rules(credit_line, day) AS rule ON NOT rule.is_excluded
    GROUP BY line."limit", line.used
$function$;

-- Points of an amount of money, rounded once, at the end (services/earn_rules.py says the order of the steps; a property
-- test compares the two). `at_most` NULL: no cap. Halves go away from zero, which is up: nothing here is negative.
CREATE OR REPLACE FUNCTION memberships_points_of_amount(
    amount numeric, per_yuan numeric, multiplier numeric, minimum_spend numeric, rounding text, at_most bigint
)
RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $function$
SELECT CASE WHEN amount < minimum_spend THEN 0 ELSE least(at_most, CASE rounding
    WHEN 'up' THEN ceil(amount * per_yuan * multiplier)
    WHEN 'half_up' THEN round(amount * per_yuan * multiplier)
    ELSE floor(amount * per_yuan * multiplier)
END) END::bigint
$function$;

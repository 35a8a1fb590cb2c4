-- The lines of a range of changes whose overdue state became one that is told, on a business date: a step further
-- (reminder, warning, hold, collection), or "released", from a state that stops draws to one that does not. Told for two
-- weeks, and as long as that is still the line's state. Reads only.
--
-- "days" is what the frame gives every kind of notice; these are told on the day itself.
CREATE OR REPLACE FUNCTION credit_overdue_told(told text, business_date date, first_id bigint, last_id bigint)
RETURNS TABLE (id bigint, owner bigint, key text, facts jsonb, has_email boolean, until date)
LANGUAGE sql STABLE AS $function$
WITH change AS (
    SELECT change.*,
        CASE WHEN array_position(step.states, change.new) > array_position(step.states, change.old) THEN change.new
            WHEN change.old IN ('hold', 'collection') AND change.new NOT IN ('hold', 'collection') THEN 'released'
        END AS told
    FROM credit_overduechange change,
        (VALUES (ARRAY['none', 'reminder', 'warning', 'hold', 'collection']::varchar[])) AS step(states)
    WHERE change."on" = business_date AND change.id BETWEEN first_id AND last_id
)
SELECT change.id, change.member_id, 'overdue-' || change.told || ':' || change.id,
    jsonb_build_object(
        'line', change.line_id, 'programme', programme.name, 'programme_en', programme.name_en,
        'overdue_amount', change.overdue_amount, 'since_on', change.overdue_since, 'day_on', change."on"
    ),
    EXISTS (
        SELECT FROM memberships_membercontact contact
        WHERE contact.member_id = change.member_id AND contact.is_primary AND contact.email <> ''
    ),
    least(change."on" + 14, member.closed_on - 1)
FROM change
JOIN credit_creditline line ON line.id = change.line_id AND line.overdue_state = change.new
JOIN memberships_member member
    ON member.id = change.member_id AND (member.closed_on IS NULL OR member.closed_on > business_date)
JOIN memberships_programme programme ON programme.id = line.programme_id
WHERE change.told = $1
$function$;

CREATE OR REPLACE FUNCTION credit_notice_overdue_reminder(
    business_date date, days integer, first_id bigint, last_id bigint
)
RETURNS TABLE (id bigint, owner bigint, key text, facts jsonb, has_email boolean, until date)
LANGUAGE sql STABLE AS $$ SELECT * FROM credit_overdue_told('reminder', business_date, first_id, last_id) $$;

CREATE OR REPLACE FUNCTION credit_notice_overdue_warning(
    business_date date, days integer, first_id bigint, last_id bigint
)
RETURNS TABLE (id bigint, owner bigint, key text, facts jsonb, has_email boolean, until date)
LANGUAGE sql STABLE AS $$ SELECT * FROM credit_overdue_told('warning', business_date, first_id, last_id) $$;

CREATE OR REPLACE FUNCTION credit_notice_overdue_hold(
    business_date date, days integer, first_id bigint, last_id bigint
)
RETURNS TABLE (id bigint, owner bigint, key text, facts jsonb, has_email boolean, until date)
LANGUAGE sql STABLE AS $$ SELECT * FROM credit_overdue_told('hold', business_date, first_id, last_id) $$;

CREATE OR REPLACE FUNCTION credit_notice_overdue_collection(
    business_date date, days integer, first_id bigint, last_id bigint
)
RETURNS TABLE (id bigint, owner bigint, key text, facts jsonb, has_email boolean, until date)
LANGUAGE sql STABLE AS $$ SELECT * FROM credit_overdue_told('collection', business_date, first_id, last_id) $$;

CREATE OR REPLACE FUNCTION credit_notice_overdue_released(
    business_date date, days integer, first_id bigint, last_id bigint
)
RETURNS TABLE (id bigint, owner bigint, key text, facts jsonb, has_email boolean, until date)
LANGUAGE sql STABLE AS $$ SELECT * FROM credit_overdue_told('released', business_date, first_id, last_id) $$;

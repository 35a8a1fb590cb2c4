-- What firms are told of their lines and invoices besides what is overdue (overdue.sql). All read only.

-- The lines of a range with invoices that fall due so many days after a business date: how many, and what is open of
-- them. Told until that day.
CREATE OR REPLACE FUNCTION credit_notice_invoices_due(
    business_date date, days integer, first_id bigint, last_id bigint
)
RETURNS TABLE (id bigint, owner bigint, key text, facts jsonb, has_email boolean, until date)
LANGUAGE sql STABLE AS $function$
SELECT line.id, line.member_id, 'invoices-due:' || line.id || ':' || (business_date + days) || ':' || days,
    jsonb_build_object(
        'line', line.id, 'programme', programme.name, 'programme_en', programme.name_en,
        'invoices', due.count, 'due_amount', due.amount::text, 'due_on', business_date + days
    ),
    memberships_notice_has_email(line.member_id),
    least(business_date + days, member.closed_on - 1)
FROM (
    SELECT invoice.line_id, count(*), sum(invoice.outstanding) AS amount
    FROM credit_invoice invoice
    WHERE invoice.due_on = business_date + days AND invoice.outstanding > 0
        AND invoice.line_id BETWEEN first_id AND last_id
    GROUP BY invoice.line_id
) AS due
JOIN credit_creditline line ON line.id = due.line_id
JOIN memberships_member member
    ON member.id = line.member_id AND (member.closed_on IS NULL OR member.closed_on > business_date)
JOIN memberships_programme programme ON programme.id = line.programme_id
$function$;

-- The lines of a range on which invoices were booked on the day before a business date: how many, of how much, and when
-- the first of them is due. By the ledger, whose rows lie in the order in which they were written. Told for a week.
CREATE OR REPLACE FUNCTION credit_notice_invoices_issued(
    business_date date, days integer, first_id bigint, last_id bigint
)
RETURNS TABLE (id bigint, owner bigint, key text, facts jsonb, has_email boolean, until date)
LANGUAGE sql STABLE AS $function$
SELECT line.id, line.member_id, 'invoices-issued:' || line.id || ':' || (business_date - 1),
    jsonb_build_object(
        'line', line.id, 'programme', programme.name, 'programme_en', programme.name_en,
        'invoices', issued.count, 'issued_amount', issued.amount::text, 'day_on', business_date - 1,
        'due_on', issued.due_on
    ),
    memberships_notice_has_email(line.member_id),
    least(business_date + 6, member.closed_on - 1)
FROM (
    SELECT invoice.line_id, count(*), sum(invoice.amount) AS amount, min(invoice.due_on) AS due_on
    FROM credit_creditentry booked
    JOIN credit_invoice invoice ON invoice.id = booked.invoice_id
    WHERE booked.kind IN ('invoice', 'late_fee') AND booked.line_id BETWEEN first_id AND last_id
        AND booked.at >= (business_date - 1)::timestamp AT TIME ZONE 'Asia/Shanghai'
        AND booked.at < business_date::timestamp AT TIME ZONE 'Asia/Shanghai'
    GROUP BY invoice.line_id
) AS issued
JOIN credit_creditline line ON line.id = issued.line_id
JOIN memberships_member member
    ON member.id = line.member_id AND (member.closed_on IS NULL OR member.closed_on > business_date)
JOIN memberships_programme programme ON programme.id = line.programme_id
$function$;

-- On the first day of a month, the lines of a range on which something is open, or moved in the month before: the
-- statement of that month can be had. Told for ten days.
CREATE OR REPLACE FUNCTION credit_notice_statement_ready(
    business_date date, days integer, first_id bigint, last_id bigint
)
RETURNS TABLE (id bigint, owner bigint, key text, facts jsonb, has_email boolean, until date)
LANGUAGE sql STABLE AS $function$
SELECT line.id, line.member_id, 'statement:' || line.id || ':' || (business_date - interval '1 month')::date,
    jsonb_build_object(
        'line', line.id, 'programme', programme.name, 'programme_en', programme.name_en,
        'first_on', (business_date - interval '1 month')::date, 'last_on', business_date - 1,
        'open_amount', line.open_amount::text
    ),
    memberships_notice_has_email(line.member_id),
    least(business_date + 9, member.closed_on - 1)
FROM credit_creditline line
JOIN memberships_member member
    ON member.id = line.member_id AND (member.closed_on IS NULL OR member.closed_on > business_date)
JOIN memberships_programme programme ON programme.id = line.programme_id
WHERE extract(day FROM business_date) = 1 AND line.id BETWEEN first_id AND last_id
    AND (line.open_amount > 0 OR EXISTS (
        SELECT FROM credit_creditentry moved
        WHERE moved.line_id = line.id AND moved."on" >= (business_date - interval '1 month')::date
            AND moved."on" < business_date AND moved.kind NOT IN ('authorise', 'release')
    ))
$function$;

-- The versions of a range, agreed in the last three days up to a business date, whose limit is another than the version's
-- before. Told for two weeks.
CREATE OR REPLACE FUNCTION credit_notice_limit_changed(
    business_date date, days integer, first_id bigint, last_id bigint
)
RETURNS TABLE (id bigint, owner bigint, key text, facts jsonb, has_email boolean, until date)
LANGUAGE sql STABLE AS $function$
SELECT version.id, version.member_id, 'limit-changed:' || version.id,
    jsonb_build_object(
        'line', version.line_id, 'programme', programme.name, 'programme_en', programme.name_en,
        'limit_amount', version."limit"::text, 'before_amount', before."limit"::text, 'starts_on', version.starts_on
    ),
    memberships_notice_has_email(version.member_id),
    least(business_date + 14, member.closed_on - 1)
FROM credit_lineversion version
JOIN credit_lineversion before
    ON before.line_id = version.line_id AND before.number = version.number - 1 AND before."limit" <> version."limit"
JOIN credit_creditline line ON line.id = version.line_id AND line.state <> 'closed'
JOIN memberships_member member
    ON member.id = version.member_id AND (member.closed_on IS NULL OR member.closed_on > business_date)
JOIN memberships_programme programme ON programme.id = line.programme_id
WHERE version.id BETWEEN first_id AND last_id
    AND version.at >= (business_date - 2)::timestamp AT TIME ZONE 'Asia/Shanghai'
    AND version.at < (business_date + 1)::timestamp AT TIME ZONE 'Asia/Shanghai'
    AND NOT EXISTS (
        SELECT FROM operations_notice told
        WHERE told.owner = version.member_id AND told.key = 'limit-changed:' || version.id
    )
$function$;

-- The lines of a range that somebody suspended in the last three days up to a business date. Told for two weeks, and as
-- long as it lasts.
CREATE OR REPLACE FUNCTION credit_notice_line_suspended(
    business_date date, days integer, first_id bigint, last_id bigint
)
RETURNS TABLE (id bigint, owner bigint, key text, facts jsonb, has_email boolean, until date)
LANGUAGE sql STABLE AS $function$
SELECT line.id, line.member_id, 'line-suspended:' || line.id || ':' || line.suspended_on,
    jsonb_build_object(
        'line', line.id, 'programme', programme.name, 'programme_en', programme.name_en, 'since_on', line.suspended_on
    ),
    memberships_notice_has_email(line.member_id),
    least(line.suspended_on + 14, member.closed_on - 1)
FROM credit_creditline line
JOIN memberships_member member
    ON member.id = line.member_id AND (member.closed_on IS NULL OR member.closed_on > business_date)
JOIN memberships_programme programme ON programme.id = line.programme_id
WHERE line.suspended_on BETWEEN business_date - 2 AND business_date AND line.state = 'active'
    AND line.id BETWEEN first_id AND last_id
    AND NOT EXISTS (
        SELECT FROM operations_notice told
        WHERE told.owner = line.member_id AND told.key = 'line-suspended:' || line.id || ':' || line.suspended_on
    )
$function$;

-- The lines of a range whose firm was told of a suspension that is over: who was not, hears of neither. Told once for each
-- suspension, as long as draws are possible.
CREATE OR REPLACE FUNCTION credit_notice_line_resumed(
    business_date date, days integer, first_id bigint, last_id bigint
)
RETURNS TABLE (id bigint, owner bigint, key text, facts jsonb, has_email boolean, until date)
LANGUAGE sql STABLE AS $function$
SELECT line.id, line.member_id, 'line-resumed:' || line.id || ':' || suspended.since,
    jsonb_build_object(
        'line', line.id, 'programme', programme.name, 'programme_en', programme.name_en, 'since_on', suspended.since
    ),
    memberships_notice_has_email(line.member_id),
    least(business_date + 14, member.closed_on - 1)
FROM (
    SELECT (told.facts ->> 'line')::bigint AS line, max((told.facts ->> 'since_on')::date) AS since
    FROM operations_notice told
    WHERE told.kind = 'line_suspended'
    GROUP BY told.facts ->> 'line'
) AS suspended
JOIN credit_creditline line ON line.id = suspended.line AND line.suspended_on IS NULL AND line.state = 'active'
JOIN memberships_member member
    ON member.id = line.member_id AND (member.closed_on IS NULL OR member.closed_on > business_date)
JOIN memberships_programme programme ON programme.id = line.programme_id
WHERE line.id BETWEEN first_id AND last_id
    AND NOT EXISTS (
        SELECT FROM operations_notice told
        WHERE told.owner = line.member_id AND told.key = 'line-resumed:' || line.id || ':' || suspended.since
    )
$function$;

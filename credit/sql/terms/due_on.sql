-- The day alone (terms/due.sql).
CREATE OR REPLACE FUNCTION credit_due_on(rule jsonb, invoiced_on date) RETURNS date
LANGUAGE sql STABLE AS $function$
    SELECT due.day FROM credit_due(rule, invoiced_on) AS due
$function$;

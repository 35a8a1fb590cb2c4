-- When an invoice of a day is due by a term rule, and in which steps: the twin of credit/terms/rules.py, which says what
-- the rules are; a test holds them against each other. `steps` is what an invoice keeps of it (models/draws.py).
-- Reads the holiday calendar where the rule rolls, and locks nothing.
CREATE OR REPLACE FUNCTION credit_due(rule jsonb, invoiced_on date, OUT day date, OUT steps jsonb)
LANGUAGE plpgsql STABLE AS $function$
DECLARE
    month_end date;
    stated date;
    latest date := coalesce(invoiced_on + (rule ->> 'longest_days')::integer, 'infinity'::date);
    rolling text := coalesce(rule ->> 'rolling', 'none');
    forward date;
    backward date;
    preferred date;
    way text;
BEGIN
    CASE rule ->> 'kind'
        WHEN 'net_days' THEN
            day := invoiced_on + (rule ->> 'days')::integer;
            steps := jsonb_build_array(jsonb_build_object('step', 'net_days', 'day', day));
        WHEN 'month_end' THEN
            month_end := (date_trunc('month', invoiced_on) + interval '1 month')::date - 1;
            day := month_end + (rule ->> 'days')::integer;
            steps := jsonb_build_array(
                jsonb_build_object('step', 'month_end', 'day', month_end),
                jsonb_build_object('step', 'days_after', 'day', day)
            );
        WHEN 'statement' THEN
            stated := credit_next_day_of_month((rule ->> 'statement_day')::integer, invoiced_on + 1);
            day := credit_next_day_of_month((rule ->> 'repayment_day')::integer, stated);
            steps := jsonb_build_array(
                jsonb_build_object('step', 'statement', 'day', stated),
                jsonb_build_object('step', 'repayment', 'day', day)
            );
        ELSE
            RAISE EXCEPTION 'there is no term rule of kind %', rule ->> 'kind' USING ERRCODE = 'data_exception';
    END CASE;
    IF day > latest THEN
        day := latest;
        steps := steps || jsonb_build_object('step', 'longest', 'day', day);
    END IF;
    IF rolling = 'none' OR credit_is_worked(day) THEN
        RETURN;
    END IF;

    -- Off the day: as the rule prefers, else the other way, else not at all.
    forward := day;
    WHILE NOT credit_is_worked(forward) LOOP
        forward := forward + 1;
    END LOOP;
    backward := day;
    WHILE NOT credit_is_worked(backward) LOOP
        backward := backward - 1;
    END LOOP;
    preferred := CASE rolling WHEN 'backward' THEN backward ELSE forward END;
    SELECT tried.way, tried.to_day INTO way, day
    FROM (
        VALUES
            (CASE rolling WHEN 'backward' THEN 2 ELSE 1 END, 'forward', forward),
            (CASE rolling WHEN 'backward' THEN 1 ELSE 2 END, 'backward', backward),
            (3, 'kept', day)
    ) AS tried (turn, way, to_day)
    WHERE tried.way = 'kept' OR tried.to_day BETWEEN invoiced_on AND latest
    ORDER BY tried.turn
    LIMIT 1;
    steps := steps || (
        jsonb_build_object('step', way, 'day', day)
        || CASE WHEN day <> preferred THEN jsonb_build_object('instead_of', preferred) ELSE '{}' END
    );
END
$function$;

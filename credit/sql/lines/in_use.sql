-- Of the lines of a firm in a programme that are not closed, the one that is meant where nothing names another: the active
-- one, else the newest. A closed line that is owed on again may stand beside it (services/allocations.py, owe_again).
-- An expression only, so that it becomes part of the statement that asks. Reads, locks nothing.
CREATE OR REPLACE FUNCTION credit_lines_in_use()
RETURNS TABLE (line_id bigint, member_id bigint, programme_id bigint)
LANGUAGE sql STABLE AS $function$
    SELECT line.id, line.member_id, line.programme_id
    FROM credit_creditline line
    WHERE line.state <> 'closed' AND NOT EXISTS (
        SELECT FROM credit_creditline other
        WHERE other.member_id = line.member_id AND other.programme_id = line.programme_id AND other.state <> 'closed'
            AND (other.state = 'active', other.id) > (line.state = 'active', line.id)
    )
$function$;

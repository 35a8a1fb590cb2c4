-- The key of the member into whom a record was merged, in the end; NULL: it was not merged. Reads only.
CREATE OR REPLACE FUNCTION memberships_survivor_of(asked bigint)
RETURNS bigint
LANGUAGE plpgsql STABLE AS $function$
DECLARE
    found_id bigint;
    next_id bigint := asked;
BEGIN
    LOOP
        SELECT merge.survivor_id INTO next_id
        FROM memberships_membermerge merge
        WHERE merge.former_id = next_id AND merge.undone_at IS NULL;
        EXIT WHEN NOT FOUND;
        found_id := next_id;
    END LOOP;
    RETURN found_id;
END
$function$;

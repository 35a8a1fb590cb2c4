-- The keys under which somebody is known: the member's own first, then those that were merged into it, and into those.
-- Asked wherever uses count, so that two records of one person have no more than one: nearly always the member alone.
-- Reads only.
CREATE OR REPLACE FUNCTION memberships_records_of(asked bigint)
RETURNS bigint[]
LANGUAGE plpgsql STABLE AS $function$
BEGIN
    IF NOT EXISTS (
        SELECT FROM memberships_membermerge merge WHERE merge.survivor_id = asked AND merge.undone_at IS NULL
    ) THEN
        RETURN ARRAY[asked];
    END IF;
    RETURN (
        WITH RECURSIVE known (id, depth) AS (
            SELECT asked, 0
            UNION ALL
            SELECT merge.former_id, known.depth + 1
            FROM known
            JOIN memberships_membermerge merge ON merge.survivor_id = known.id AND merge.undone_at IS NULL
        )
        SELECT array_agg(id ORDER BY depth, id) FROM known
    );
END
$function$;

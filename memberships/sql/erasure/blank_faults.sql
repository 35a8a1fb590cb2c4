-- Take what was read out of the faults of a batch's rows, where a fault is about personal data; that there was one, where
-- and of which kind stays. Updates rows of that one batch, whose file is gone. May run twice.
UPDATE operations_importrow kept
SET faults = (
    SELECT jsonb_agg(
        CASE WHEN fault.said ->> 'field' = ANY(%(fields)s) THEN fault.said || '{"value": "***"}' ELSE fault.said END
        ORDER BY fault.place
    )
    FROM jsonb_array_elements(kept.faults) WITH ORDINALITY AS fault (said, place)
)
WHERE kept.batch_id = %(batch)s AND EXISTS (
    SELECT FROM jsonb_array_elements(kept.faults) AS fault (said) WHERE fault.said ->> 'field' = ANY(%(fields)s)
)

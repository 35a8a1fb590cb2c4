-- The newest %(most)s contexts (who, why, which run) that a search of the trail asks for: key, first and last
-- transaction, whether it was a web request, and when the run ended. Reads only, by the index of the user, run, import
-- or job, else by that of the instant.
SELECT context.id, created_at, updated_at, metadata ? 'url', run.finished_at
FROM pghistory_context AS context
LEFT JOIN operations_jobrun AS run ON run.id = CASE WHEN jsonb_typeof(metadata -> 'run') = 'number'
                                                    THEN (metadata ->> 'run')::bigint END
WHERE created_at >= %(since)s AND created_at <= %(until)s
  -- A web request is soon over; a task may have begun long before and be at work still.
  AND updated_at >= CASE WHEN metadata ? 'url' THEN %(request_since)s ELSE %(since)s END
  AND (%(actor)s::text IS NULL OR metadata ->> 'user' = %(actor)s)
  AND (%(run)s::text IS NULL OR metadata ->> 'run' = %(run)s)
  AND (%(batch)s::text IS NULL OR metadata ->> 'batch' = %(batch)s)
  AND (%(job)s::text IS NULL OR metadata ->> 'job' = %(job)s)
  AND (%(reason)s::text IS NULL OR metadata ->> 'reason' ILIKE %(reason)s)
ORDER BY created_at DESC
LIMIT %(most)s

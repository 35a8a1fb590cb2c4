-- The fulfilments of these commands.
SELECT DISTINCT fulfilment_id FROM partners_command WHERE id = ANY(%(commands)s::bigint[])

-- Hold fulfilments, in the order of their keys, as everybody does who changes them. Their keys are not held, so that
-- events and commands that name them can be written meanwhile.
SELECT id FROM partners_fulfilment WHERE id = ANY(%(ids)s::bigint[]) ORDER BY id FOR NO KEY UPDATE

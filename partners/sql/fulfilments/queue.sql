-- Queue what these fulfilments, which are held, need next (partners_queue_next).
SELECT partners_queue_next(%(ids)s::bigint[], %(is_new_wish)s, %(on)s, %(at)s)

-- The range's rows that an earlier undoing kept may be undone this time.
UPDATE operations_importrow
SET outcome = 'applied'
WHERE batch_id = %(batch)s AND line BETWEEN %(first)s AND %(last)s AND outcome = 'kept'

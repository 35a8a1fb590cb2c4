-- The range's applied rows are taken back: say so, and forget the values that were kept for it.
UPDATE operations_importrow
SET outcome = 'undone', before = NULL
WHERE batch_id = %(batch)s AND line BETWEEN %(first)s AND %(last)s AND outcome = 'applied'

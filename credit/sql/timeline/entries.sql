-- The keys of a member's newest credit entries below a key, over all lines: the newest of each line, by its own index
-- (creditentry_of_line), and of these the newest. Reads only.
SELECT entry.id
FROM credit_creditline line
CROSS JOIN LATERAL (
    SELECT newest.id
    FROM credit_creditentry newest
    WHERE newest.line_id = line.id AND newest.id < coalesce(%(before)s, 9223372036854775807)
    ORDER BY newest.id DESC
    LIMIT %(size)s
) AS entry
WHERE line.member_id = %(member)s
ORDER BY entry.id DESC
LIMIT %(size)s

-- Judge the new rows of a batch: a brand that is so already is unchanged, one with other names stays to be written; what
-- can be no code is invalid. A blank category stays as it is. Touches staging rows of the batch only.
UPDATE benefits_staged_brand s
SET object_id = found.id,
    verdict = CASE WHEN found.is_code IS FALSE THEN 'invalid' WHEN found.is_same THEN 'unchanged' ELSE 'new' END,
    faults = CASE WHEN found.is_code IS FALSE THEN jsonb_build_array(jsonb_build_object(
        'column', %(column)s::text, 'value', s.code, 'code', 'bad_choice', 'expected', 'a-z A-Z 0-9 - _'
    )) END
FROM (
    SELECT staged.line, brand.id, staged.code ~ '^[-a-zA-Z0-9_]{1,48}$' AS is_code,
        (brand.name, brand.name_en, brand.category)
            = (staged.name, staged.name_en, coalesce(staged.category, brand.category)) AS is_same
    FROM benefits_staged_brand staged
    LEFT JOIN benefits_brand brand ON brand.code = staged.code
    WHERE staged.batch_id = %(batch)s AND staged.verdict = 'new'
) AS found
WHERE s.batch_id = %(batch)s AND s.line = found.line

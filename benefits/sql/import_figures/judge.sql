-- Judge the new rows of a batch: figures that are so already are unchanged, others stay to be written; a day to come, and
-- fewer orders than buyers, are invalid. Touches staging rows of the batch only.
UPDATE benefits_staged_campaignfigure s
SET object_id = found.id,
    verdict = CASE WHEN found.fault IS NOT NULL THEN 'invalid' WHEN found.is_same THEN 'unchanged' ELSE 'new' END,
    faults = CASE found.fault
        WHEN 'future_date' THEN jsonb_build_array(jsonb_build_object(
            'column', %(day_column)s::text, 'value', s.reported_on, 'code', 'future_date', 'expected', %(on)s::text
        ))
        WHEN 'bad_choice' THEN jsonb_build_array(jsonb_build_object(
            'column', %(order_column)s::text, 'value', s.orders::text, 'code', 'bad_choice',
            'expected', '≥ ' || s.buyers::text
        ))
    END
FROM (
    SELECT staged.line, known.id,
        CASE
            WHEN staged.reported_on::date > %(on)s THEN 'future_date'
            WHEN staged.orders < staged.buyers THEN 'bad_choice'
        END AS fault,
        (known.buyers, known.orders, known.amount) = (staged.buyers, staged.orders, staged.amount) AS is_same
    FROM benefits_staged_campaignfigure staged
    LEFT JOIN benefits_campaignfigure known
        ON known.campaign_id = staged.campaign_id AND known."on" = staged.reported_on::date
            AND known."group" = staged.buyer_group
    WHERE staged.batch_id = %(batch)s AND staged.verdict = 'new'
) AS found
WHERE s.batch_id = %(batch)s AND s.line = found.line

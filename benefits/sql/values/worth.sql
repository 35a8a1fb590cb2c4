-- What a use of each of a programme's benefits was worth on a day, what it cost and who bore it: as it was then, by the
-- versions of its terms. Days before the first version go by that one; a benefit without versions is as it is now.
-- `amount`: what a coupon takes off by its own terms, where nobody said what it is worth. Reads only.
CREATE OR REPLACE FUNCTION benefits_worth(programme bigint)
RETURNS TABLE (
    benefit_id bigint, kind text, starts_on date, ends_on date, face_value numeric, unit_cost numeric, funder text
)
LANGUAGE sql STABLE AS $function$
SELECT
    benefit.id, benefit.kind::text,
    CASE WHEN version.id IS NULL OR row_number() OVER of_benefit = 1 THEN '-infinity' ELSE version.starts_on END,
    CASE WHEN version.id IS NULL OR lead(version.id) OVER of_benefit IS NULL THEN 'infinity'::date
        ELSE lead(version.starts_on) OVER of_benefit - 1 END,
    coalesce(
        CASE WHEN version.id IS NULL THEN benefit.face_value ELSE version.face_value END,
        CASE WHEN benefit.kind = 'coupon' THEN (coalesce(version.terms, benefit.terms) ->> 'amount')::numeric END
    ),
    CASE WHEN version.id IS NULL THEN benefit.unit_cost ELSE version.unit_cost END,
    coalesce(nullif(version.funder, ''), benefit.funder)::text
FROM benefits_benefit benefit
LEFT JOIN benefits_benefitterms version ON version.benefit_id = benefit.id
WHERE benefit.programme_id = programme
WINDOW of_benefit AS (PARTITION BY benefit.id ORDER BY version.starts_on)
$function$;

-- A list of numbers of JSON as an array; null where it is empty. What is null in the list stays null.
CREATE OR REPLACE FUNCTION memberships_numbers(list jsonb)
RETURNS bigint[] LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $function$
SELECT array_agg(listed.number::bigint ORDER BY listed.place)
FROM jsonb_array_elements_text(list) WITH ORDINALITY AS listed (number, place)
$function$;

-- The words of a payer's reference that may be numbers of invoices, as they stand and in capitals: runs of letters,
-- digits and - _ . / # : without signs at their ends, the same without . / # : in them, and the whole text, for numbers
-- with other signs. Who looks for them passes by words of one or two characters: a month is no invoice.
-- An expression only, so that it becomes part of the statement that asks. Reads nothing.
CREATE OR REPLACE FUNCTION credit_reference_tokens(reference text) RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $function$
    SELECT string_to_array(btrim(regexp_replace(
        reference || ' ' || upper(reference) || ' ' || translate(reference || ' ' || upper(reference), './#:', '    '),
        '[._/#:-]*[^A-Za-z0-9._/#:-]+[._/#:-]*', ' ', 'g'
    ), ' ._/#:-'), ' ') || btrim(reference)
$function$;

-- Whose payments are these? Of each (numbered by `keys`) the line, and the rule that found it; none where nothing says
-- so, or where what says so means several lines: nothing is guessed.
--
-- 1. by reference: all invoices that it names are of one line. Where they are of several, nothing else is asked.
-- 2. by the payer's account: its last ten matched payments were of one line, of those that are in use (sql/lines/in_use.sql).
-- 3. by the payer's name: exactly one firm of that legal name has a line in use, and one only. Not asked
--    where the account is known to pay for several.
--
-- An account is known by what was matched on earlier business dates: payments of one day say nothing of each other, so
-- that what becomes of a file rests neither on the order of its rows nor on who works on which of them.
-- Reads by indexes (invoice number, receipt_by_account, customer_name_prefix), locks nothing.
CREATE OR REPLACE FUNCTION credit_owners(keys bigint[], refs text[], accounts text[], names text[], day date)
RETURNS TABLE (key bigint, line_id bigint, member_id bigint, rule text)
LANGUAGE sql STABLE
-- One payment or a hundred thousand: planned for what is asked.
SET plan_cache_mode = force_custom_plan AS $function$
    WITH asked AS MATERIALIZED (
        SELECT unnested.key, unnested.reference, unnested.account, unnested.name
        FROM unnest(keys, refs, accounts, names) AS unnested (key, reference, account, name)
    ),
    named AS MATERIALIZED (
        SELECT asked.key, min(invoice.line_id) AS line_id, count(DISTINCT invoice.line_id) AS lines
        FROM asked
        CROSS JOIN LATERAL unnest(credit_reference_tokens(asked.reference)) AS token
        JOIN credit_invoice invoice ON invoice.number = token AND length(token) > 2
        WHERE asked.reference <> ''
        GROUP BY asked.key
    ),
    known AS MATERIALIZED (
        SELECT account.account, min(latest.line_id) AS line_id, count(DISTINCT latest.line_id) AS lines
        FROM (SELECT DISTINCT asked.account FROM asked WHERE asked.account <> '') account
        CROSS JOIN LATERAL (
            SELECT receipt.line_id
            FROM credit_receipt receipt
            WHERE receipt.state = 'matched' AND receipt.payer_account <> ''
                AND receipt.payer_account = account.account AND receipt."on" < day
            ORDER BY receipt.id DESC
            LIMIT 10
        ) latest
        JOIN credit_lines_in_use() AS used ON used.line_id = latest.line_id
        GROUP BY account.account
    ),
    called AS MATERIALIZED (
        SELECT name.name, min(used.line_id) AS line_id, count(*) AS lines
        FROM (SELECT DISTINCT asked.name FROM asked) name
        JOIN memberships_enterprisecustomer customer ON customer.legal_name = name.name
        JOIN credit_lines_in_use() AS used ON used.member_id = customer.member_id
        GROUP BY name.name
    ),
    found AS (
        SELECT
            asked.key,
            CASE
                WHEN named.key IS NOT NULL THEN CASE WHEN named.lines = 1 THEN named.line_id END
                WHEN known.account IS NOT NULL THEN CASE WHEN known.lines = 1 THEN known.line_id END
                WHEN called.lines = 1 THEN called.line_id
            END AS line_id,
            CASE
                WHEN named.key IS NOT NULL THEN 'reference' WHEN known.account IS NOT NULL THEN 'account' ELSE 'name'
            END AS rule
        FROM asked
        LEFT JOIN named ON named.key = asked.key
        LEFT JOIN known ON known.account = asked.account
        LEFT JOIN called ON called.name = asked.name
    )
    SELECT found.key, found.line_id, line.member_id, found.rule
    FROM found
    JOIN credit_creditline line ON line.id = found.line_id
$function$;

-- The benefits of some kinds that a member was entitled to on a day, in one programme or all, with what was left of
-- them then. Reads only.
--
-- As benefits_rights says (sql/rights/rights.sql), but a use counts only if it was made by that day and not given back
-- by then: a past order is priced by what the member had, not by what is left now. Uses of the order itself do not
-- count, so that it can be priced again. Several rules that are summed come to one row: what is left of all of them.
--
-- kinds       codes of kinds
-- programme   NULL: of all programmes
-- store       the store's wallet whose line of its own counts, too; NULL: none
-- order       the order's number; blank: of none
SELECT rights.benefit_id, rights.category, (array_agg(rights.rule_code ORDER BY rights.place))[1] AS rule_code,
    CASE
        WHEN bool_or(rights.quota IS NULL) THEN NULL
        ELSE sum(greatest(rights.quota - uses.used, 0))
    END::integer AS times
FROM benefits_rights(%(member)s, %(on)s, NULL, NULL, %(region)s) AS rights
JOIN benefits_benefit benefit ON benefit.id = rights.benefit_id
CROSS JOIN LATERAL (
    SELECT coalesce(sum(redemption.quantity), 0) AS used
    FROM benefits_redemption redemption
    WHERE rights.quota IS NOT NULL
        AND redemption.member_id = %(member)s AND redemption.benefit_id = rights.benefit_id
        AND redemption.category = rights.category
        AND redemption."on" >= rights.window_from AND redemption."on" <= %(on)s
        AND (redemption.state = 'done' OR redemption.returned_on > %(on)s)
        AND (%(order)s = '' OR redemption.order_number <> %(order)s)
        AND (rights.store_id IS NULL OR redemption.enrolment_id = rights.store_id)
        AND (benefit.combine = 'best' OR EXISTS (
            SELECT FROM benefits_benefitrule version
            WHERE version.id = redemption.rule_id AND version.code = rights.rule_code
        ))
) AS uses
WHERE benefit.kind = ANY(%(kinds)s)
    AND (%(programme)s::bigint IS NULL OR benefit.programme_id = %(programme)s)
    AND (rights.store_id IS NULL OR rights.store_id = %(store)s::bigint)
    -- A rule that is not chosen has no place; of several of which the best counts it is the first.
    AND (rights.place = 1 OR (rights.place > 1 AND benefit.combine = 'sum'))
GROUP BY rights.benefit_id, rights.category
ORDER BY rights.benefit_id, rights.category;

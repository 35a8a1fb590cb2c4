-- The benefits of some kinds that a member was entitled to on a day, in one programme or all, with what was left of
-- them then. Reads only.
--
-- As benefits_rights says (sql/rights/rights.sql), but a use counts only if it was made by that day and not given back
-- by then: a past order is priced by what the member had, not by what is left now. Rules are put in order by these
-- counts, too, so that later uses change neither the price nor the rule. Uses of the order itself do not count, so that
-- it can be priced again.
-- Several rules that are summed come to one row: what is left of all of them. Of those of which the best counts it is
-- that one, be it of the store's own line or of the member's general one: they are never added up.
--
-- kinds       codes of kinds
-- programme   NULL: of all programmes
-- store       the store's wallet whose line of its own counts, too; NULL: none
-- order       the order's number; blank: of none
WITH counted AS (
    SELECT rights.*, rights.quota - uses.used AS remaining
    FROM benefits_rights(%(member)s, %(on)s, NULL, NULL, %(region)s) AS rights
    JOIN benefits_benefit benefit ON benefit.id = rights.benefit_id
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(redemption.quantity), 0) AS used
        FROM benefits_redemption redemption
        WHERE rights.quota IS NOT NULL
            AND redemption.member_id = ANY(memberships_records_of(%(member)s)) AND redemption.benefit_id = rights.benefit_id
            AND redemption.category = rights.category
            AND redemption."on" >= rights.window_from AND redemption."on" <= %(on)s
            AND (redemption.state = 'done' OR redemption.returned_on > %(on)s)
            AND (%(order)s = '' OR redemption.order_number <> %(order)s)
            AND (rights.store_id IS NULL OR redemption.enrolment_id = rights.store_id
                OR redemption.member_id <> %(member)s
                    AND memberships_same_store(redemption.enrolment_id, rights.store_id))
            AND (rights.combine = 'best' OR EXISTS (
                SELECT FROM benefits_benefitrule version
                WHERE version.id = redemption.rule_id AND version.code = rights.rule_code
            ))
    ) AS uses
    WHERE benefit.kind = ANY(%(kinds)s)
        AND (%(programme)s::bigint IS NULL OR benefit.programme_id = %(programme)s)
        AND (rights.store_id IS NULL OR rights.store_id = %(store)s::bigint)
        -- A rule that is not chosen has no place.
        AND rights.place IS NOT NULL
), ranked AS (
    SELECT counted.*, row_number() OVER (
        PARTITION BY counted.benefit_id, counted.category
        -- The order of benefits_rights, over the store's line and the general one; of the same the store's goes first.
        ORDER BY
            coalesce(counted.remaining <= 0, false),
            CASE WHEN counted.combine = 'sum' THEN counted.window_after END ASC NULLS LAST,
            counted.remaining DESC NULLS FIRST, counted.quota DESC NULLS FIRST, counted.points_price,
            counted.member_price, counted.store_id IS NULL, counted.rule_code, counted.source_id
    ) AS rank
    FROM counted
)
SELECT benefit_id, category, (array_agg(rule_code ORDER BY rank))[1] AS rule_code,
    CASE WHEN bool_or(quota IS NULL) THEN NULL ELSE sum(greatest(remaining, 0)) END::integer AS times
FROM ranked
WHERE rank = 1 OR combine = 'sum'
GROUP BY benefit_id, category
ORDER BY benefit_id, category;

-- Of options of choice groups, those that a partner made active for a member: within the group's window, or before it and
-- still held. Of those whose uses the partner reports, those uses count instead (they are redemptions). Reads only.
SELECT span.group_id, span.benefit_id
FROM unnest(%(groups)s::bigint[], %(benefits)s::bigint[], %(firsts)s::date[], %(afters)s::date[])
    AS span (group_id, benefit_id, first, after)
WHERE EXISTS (
    SELECT FROM partners_fulfilment fulfilment
    JOIN partners_offer offer ON offer.id = fulfilment.offer_id AND offer.mode <> 'reported'
    JOIN benefits_grant held ON held.id = fulfilment.grant_id AND held.benefit_id = span.benefit_id
    WHERE fulfilment.member_id = %(member)s AND (span.after IS NULL OR fulfilment.activated_on < span.after)
        AND (fulfilment.activated_on >= span.first OR held.state IN ('live', 'in_grace'))
)

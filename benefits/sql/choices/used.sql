-- Of options of choice groups, those that a member used within the group's window: by a redemption, or by what was given
-- for it (a coupon). Reads only.
SELECT span.group_id, span.benefit_id
FROM unnest(%(groups)s::bigint[], %(benefits)s::bigint[], %(firsts)s::date[], %(afters)s::date[])
    AS span (group_id, benefit_id, first, after)
WHERE EXISTS (
        SELECT FROM benefits_redemption redemption
        WHERE redemption.member_id = %(member)s AND redemption.benefit_id = span.benefit_id
            AND redemption.state = 'done' AND redemption."on" >= span.first
            AND (span.after IS NULL OR redemption."on" < span.after)
    )
    OR EXISTS (
        SELECT FROM benefits_grant held
        WHERE held.member_id = %(member)s AND held.benefit_id = span.benefit_id AND held.state = 'used'
            AND held.used_on >= span.first AND (span.after IS NULL OR held.used_on < span.after)
    )

-- How often each of those members used the benefit: the row that is locked.
INSERT INTO benefits_usage (id, member_id, benefit_id, uses)
SELECT row_number() OVER (), member_id, benefit_id, count(*)
FROM benefits_redemption
GROUP BY member_id, benefit_id
ORDER BY member_id

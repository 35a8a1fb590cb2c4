-- The limit and terms of each line.
INSERT INTO credit_lineversion (id, line_id, member_id, number, "limit", terms, starts_on, evidence, reason, at)
SELECT id, id, member_id, 1, (20 + bench.pick(id, 47, 181)) * 10000, '{"kind": "net_days", "days": 45}', opened_on, '{}',
    '准入', opened_on + interval '4 hours'
FROM credit_creditline
ORDER BY id

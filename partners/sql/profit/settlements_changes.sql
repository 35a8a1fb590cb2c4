-- The first month before a day of which a settlement was closed since an instant; NULL: none was. Reads only.
SELECT min(closed.month)
FROM partners_settlement closed
WHERE closed.state = 'closed' AND closed.closed_on >= (%(since)s::timestamptz AT TIME ZONE 'Asia/Shanghai')::date
    AND closed.month < %(before)s

-- What stops a draw of so much on a line on a day (hindrances.sql). Reads only.
SELECT code, kind, figure, threshold, detail, since, name
FROM credit_hindrances(%(line)s, %(amount)s, %(on)s)

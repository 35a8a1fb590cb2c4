-- Count one refused call of a day, by partner and reason.
-- Touches and locks one row of partners_refusedcalls, alone in its transaction. Run twice it counts two.
INSERT INTO partners_refusedcalls AS known (code, reason, day, count)
VALUES (%(code)s, %(reason)s, %(day)s, 1)
ON CONFLICT (code, reason, day) DO UPDATE SET count = known.count + 1

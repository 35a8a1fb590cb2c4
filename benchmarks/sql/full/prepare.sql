-- What the statements beside this one share: a hash that is the same everywhere and always, and where members lie.
-- Persons and firms are spread evenly over the members' keys 1 to %(total)s; nothing here is drawn by lot.
CREATE SCHEMA bench;

-- A number from 0 to below `of`, the same for the same n and salt.
CREATE FUNCTION bench.pick(n bigint, salt bigint, "of" integer) RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
    'SELECT ((hashint8extended(n, salt) & 9223372036854775807) %% "of")::integer';

-- The keys of the n-th person and of the n-th firm.
CREATE FUNCTION bench.person(n bigint) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
    'SELECT (n - 1) * %(total)s / %(members)s + 1';
CREATE FUNCTION bench.firm(n bigint) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
    'SELECT (n * %(total)s + %(firms)s - 1) / greatest(%(firms)s, 1)';
CREATE FUNCTION bench.is_firm(member bigint) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
    'SELECT member * %(firms)s / %(total)s > (member - 1) * %(firms)s / %(total)s';

-- Wallet n's place in the order in which wallets earn: another order than that of their keys (%(step)s is prime to their
-- number, %(unstep)s is its inverse), so that the lots of a wallet, and the wallets of a day, lie far from each other.
CREATE FUNCTION bench.wallet_at(place bigint) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
    'SELECT place * %(step)s %% %(members)s + 1';
CREATE FUNCTION bench.place_of(wallet bigint) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
    'SELECT coalesce(nullif((wallet - 1) * %(unstep)s %% %(members)s, 0), %(members)s)';

-- JD PLUS for 75 of 100 persons, Meituan for 15, Taobao for 10.
CREATE FUNCTION bench.programme(wallet bigint) RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
    'SELECT CASE WHEN bench.pick(wallet, 21, 100) < 75 THEN %(plus)s WHEN bench.pick(wallet, 21, 100) < 90 THEN %(meituan)s
        ELSE %(taobao)s END';

-- A wallet's lot: one in each span of 150 days, the span 0 being the last. What has run out was spent in time; of the
-- others some were spent in half, some wholly; one of the last week is pending.
CREATE FUNCTION bench.lot(wallet bigint, span integer, place bigint)
RETURNS TABLE (points bigint, earned_on date, expires_on date, pending_until date, remaining bigint)
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT worth.points, worth.earned_on, worth.earned_on + 366,
        CASE WHEN worth.earned_on + 7 >= %(on)s::date THEN worth.earned_on + 7 END,
        CASE
            WHEN worth.earned_on + 7 >= %(on)s::date THEN worth.points
            WHEN worth.earned_on + 366 <= %(on)s::date OR worth.used < 15 THEN 0
            WHEN worth.used < 45 THEN worth.points - worth.points / 2
            ELSE worth.points
        END
    FROM (
        SELECT 10 + bench.pick(wallet * 64 + span, 31, 490)::bigint AS points,
            %(on)s::date - 1 - span * 150 - ((%(members)s - place) * 150 / %(members)s)::integer AS earned_on,
            bench.pick(wallet * 64 + span, 32, 100) AS used
    ) AS worth
$$;

-- How a member's card stands: of a thousand, 800 are paid for, 5 in grace, 5 not paid yet, 100 lapsed, 60 cancelled, 30
-- refunded. Its last paid day, and how many years it is paid for in all.
CREATE FUNCTION bench.card(member bigint) RETURNS TABLE (state text, last_day date, years integer)
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT told.state, %(on)s::date + CASE told.state
            WHEN 'active' THEN bench.pick(member, 15, 365)
            WHEN 'in_grace' THEN -1 - bench.pick(member, 15, 5)
            WHEN 'lapsed' THEN -10 - bench.pick(member, 15, 900)
            WHEN 'cancelled' THEN -300 + bench.pick(member, 15, 400)
            WHEN 'refunded' THEN -30 - bench.pick(member, 15, 600)
        END,
        CASE WHEN told.state <> 'pending' THEN (ARRAY[1, 1, 1, 1, 1, 1, 1, 1, 2, 3])[1 + bench.pick(member, 14, 10)] END
    FROM (
        SELECT CASE
            WHEN place < 800 THEN 'active' WHEN place < 805 THEN 'in_grace' WHEN place < 810 THEN 'pending'
            WHEN place < 910 THEN 'lapsed' WHEN place < 970 THEN 'cancelled' ELSE 'refunded'
        END AS state
        FROM (SELECT bench.pick(member, 12, 1000) AS place) AS picked
    ) AS told
$$;

-- One use of a benefit, in one statement: see redeem_benefit.sql. The fields of a redemption have their columns' names.
SELECT
    outcome, redemption_id AS id, rule_id, store_id AS enrolment_id, category, window_kind, window_from, window_until,
    points, points_entry_id, price, face_value, cost, funder, grant_id, quota, used, remaining, spendable
FROM benefits_redeem(
    %(member)s, %(benefit)s, %(key)s, %(quantity)s, %(category)s, %(region)s::text, %(store)s::bigint,
    %(order_number)s, %(on)s, %(at)s, %(actor)s::bigint, %(reason)s, %(held_kinds)s::text[]
)

-- What is to be given by itself to a range of members, right by right. Reads only.
SELECT benefit_id, rule_id, source, source_id, store_id, is_in_grace
FROM benefits_wanted_grants(%(first)s, %(last)s, %(on)s)

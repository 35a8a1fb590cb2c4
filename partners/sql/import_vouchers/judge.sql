-- Judge the new rows of a batch by the codes that the partner has with us: one in the pool of the same offer is known
-- already, whatever became of it; one of another offer is invalid.
-- Touches staging rows of the batch only, and of those only the ones that are not simply new.
UPDATE partners_staged_vouchercode s
SET object_id = known.id,
    verdict = CASE WHEN known.offer_id = s.offer_id THEN 'unchanged' ELSE 'invalid' END,
    faults = CASE WHEN known.offer_id <> s.offer_id THEN jsonb_build_array(jsonb_build_object(
        'column', %(column)s::text, 'value', '…' || s.ending, 'code', 'code_of_another_offer', 'expected', other.sku
    )) END
FROM partners_offer offer, partners_vouchercode known
JOIN partners_offer other ON other.id = known.offer_id
WHERE s.batch_id = %(batch)s AND s.verdict = 'new' AND offer.id = s.offer_id
    AND known.partner_id = offer.partner_id AND known.code_hash = s.code_hash

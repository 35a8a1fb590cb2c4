-- The lines of a new statement that differ. Inserts only, in the transaction that makes the statement.
COPY partners_statementline (
    statement_id, line, "order", reference, sku, state, amount, expected, expected_state, verdict, fulfilment_id,
    offer_id
) FROM STDIN WITH (FORMAT csv)

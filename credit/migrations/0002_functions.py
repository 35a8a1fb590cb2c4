"""Functions of credit: terms, limits, draws. Each stands in a file under sql/."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).resolve().parent.parent / "sql"
# In the order in which one needs the other.
FUNCTIONS = {
    "terms/is_worked": "DROP FUNCTION credit_is_worked(date);",
    "terms/next_day_of_month": "DROP FUNCTION credit_next_day_of_month(integer, date);",
    "terms/due": "DROP FUNCTION credit_due(jsonb, date);",
    "terms/due_on": "DROP FUNCTION credit_due_on(jsonb, date);",
    "lines/limit_on": "DROP FUNCTION credit_limit_on(bigint, date);",
    "lines/increases_from": "DROP FUNCTION credit_increases_from(bigint, date);",
    "lapses/held_card": "DROP FUNCTION credit_held_card(bigint, bigint, bigint, date);",
    "lapses/over_since": "DROP FUNCTION credit_card_over_since(bigint);",
    "lapses/lapse_on": "DROP FUNCTION credit_lapse_on(bigint, date);",
    "lapses/card_stops": "DROP FUNCTION credit_card_stops(bigint, date);",
    "standing/standing": "DROP FUNCTION credit_standing(bigint, jsonb, date);",
    "draws/expiring": "DROP FUNCTION credit_expiring(date, bigint, bigint);",
    "ledger/book_entries": (
        "DROP TRIGGER credit_book_entries ON credit_creditentry; DROP FUNCTION credit_book_entries();"
    ),
    "ledger/name_their_own": (
        "DROP TRIGGER credit_entries_name_their_own ON credit_creditentry;"
        " DROP FUNCTION credit_entries_name_their_own();"
    ),
    "receipts/reference_tokens": "DROP FUNCTION credit_reference_tokens(text);",
    "receipts/allocations": "DROP FUNCTION credit_allocations(bigint[], date);",
    "overdue/days": "DROP FUNCTION credit_overdue_days(bigint, bigint, date, date);",
    "draws/blocking_rules": "DROP FUNCTION credit_blocking_rules(bigint, date);",
    # Younger than this migration: what rests on it is read as it is now. Databases of before get it from 0014.
    "draws/held_over": "DROP FUNCTION credit_held_over(bigint, date);",
    "draws/room": "DROP FUNCTION credit_room(bigint, date);",
    "draws/taken": (
        "DROP AGGREGATE credit_taken(numeric, numeric); DROP FUNCTION credit_take(numeric, numeric, numeric);"
    ),
    "draws/hindrances": "DROP FUNCTION credit_hindrances(bigint, numeric, date);",
    "overdue/invoices": "DROP FUNCTION credit_overdue_invoices(date, bigint, bigint);",
    "overdue/due_lines": "DROP FUNCTION credit_due_lines(date, bigint, bigint);",
    "ageing/bucket": "DROP FUNCTION credit_bucket(date, date);",
    "ageing/sum_fen": "DROP AGGREGATE credit_sum_fen(bigint);",
    "ageing/open_on": "DROP FUNCTION credit_open_on(date);",
    "ageing/customers_on": "DROP FUNCTION credit_customers_on(date, bigint);",
    "late_fees/due": "DROP FUNCTION credit_late_fees(date, bigint, bigint);",
    "notices/overdue": (
        "DROP FUNCTION credit_notice_overdue_reminder; DROP FUNCTION credit_notice_overdue_warning;"
        " DROP FUNCTION credit_notice_overdue_hold; DROP FUNCTION credit_notice_overdue_collection;"
        " DROP FUNCTION credit_notice_overdue_released; DROP FUNCTION credit_overdue_told;"
    ),
}

# A receipt is entered, and then allocated by the ledger: it finds room for that where it stands.
ROOM = "ALTER TABLE credit_receipt SET (fillfactor = 50);"
# One UNLOGGED partition a batch; see operations/imports/staging.py.
STAGING = {
    "credit_staged_invoice": """
        CREATE TABLE credit_staged_invoice (
            batch_id bigint NOT NULL,
            line bigint NOT NULL,
            verdict text NOT NULL,
            object_id bigint,
            faults jsonb,
            customer text,
            programme_id bigint,
            number text,
            order_number text,
            amount numeric(14, 2),
            invoiced_on date,
            credit_line_id bigint,
            first_line bigint,
            clears text[]
        ) PARTITION BY LIST (batch_id);
    """,
    "credit_staged_limit": """
        CREATE TABLE credit_staged_limit (
            batch_id bigint NOT NULL,
            line bigint NOT NULL,
            verdict text NOT NULL,
            object_id bigint,
            faults jsonb,
            member_number text,
            programme_id bigint,
            wanted_limit numeric(14, 2),
            term_days integer,
            review_on date,
            reason text,
            member_id bigint,
            subscription_id bigint,
            terms jsonb,
            weight numeric(16, 2),
            seen bigint,
            clears text[]
        ) PARTITION BY LIST (batch_id);
    """,
    "credit_staged_receipt": """
        CREATE TABLE credit_staged_receipt (
            batch_id bigint NOT NULL,
            line bigint NOT NULL,
            verdict text NOT NULL,
            object_id bigint,
            faults jsonb,
            received_on date,
            payer_name text,
            payer_account text,
            amount numeric(14, 2),
            reference text,
            bank_number text,
            our_account text,
            credit_line_id bigint,
            member_id bigint,
            rule text,
            first_line bigint,
            clears text[]
        ) PARTITION BY LIST (batch_id);
    """,
}


class Migration(migrations.Migration):
    dependencies = [("credit", "0001_initial"), ("memberships", "0030_credit_decisions")]

    operations = [
        *(
            migrations.RunSQL((SQL / f"{name}.sql").read_text(encoding="utf-8"), undo)
            for name, undo in FUNCTIONS.items()
        ),
        migrations.RunSQL(ROOM, "ALTER TABLE credit_receipt RESET (fillfactor);"),
        *(migrations.RunSQL(made, f"DROP TABLE {table};") for table, made in STAGING.items()),
    ]

"""Fulfilments, codes and their ends follow grants; what may be billed, dead letters, what a night makes of matches."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).resolve().parent.parent / "sql"
# In the order in which one needs the other.
FUNCTIONS = {
    "fulfilments/needed": "DROP FUNCTION partners_needed(text, text); DROP FUNCTION partners_wanted(text, boolean);",
    "fulfilments/queue_next": "DROP FUNCTION partners_queue_next(bigint[], boolean, date, timestamptz);",
    "fulfilments/order_granted": (
        "DROP TRIGGER partners_order_granted ON benefits_grant; DROP FUNCTION partners_order_granted();"
    ),
    "fulfilments/follow_grants": (
        "DROP TRIGGER partners_follow_grants ON benefits_grant; DROP FUNCTION partners_follow_grants();"
    ),
    "dead_letters/view": "DROP VIEW partners_deadletter;",
    "status_matches/changes": "DROP FUNCTION partners_match_changes(bigint, bigint, date, integer);",
    "statements/billed": "DROP FUNCTION partners_billed;",
    "vouchers/claim": "DROP TRIGGER partners_claim_codes ON benefits_grant; DROP FUNCTION partners_claim_codes();",
    "vouchers/void_ended": (
        "DROP TRIGGER partners_void_ended_codes ON benefits_grant; DROP FUNCTION partners_void_ended_codes();"
    ),
    "vouchers/refuse_use": "DROP TRIGGER partners_refuse_use ON benefits_grant; DROP FUNCTION partners_refuse_use();",
    "vouchers/keep_claimed": (
        "DROP TRIGGER partners_keep_claimed ON benefits_redemption; DROP FUNCTION partners_keep_claimed();"
    ),
}
# One UNLOGGED partition a batch; see operations/imports/staging.py.
STAGING = """
CREATE TABLE partners_staged_vouchercode (
    batch_id bigint NOT NULL,
    line bigint NOT NULL,
    verdict text NOT NULL,
    object_id bigint,
    faults jsonb,
    offer_id bigint,
    code bytea,
    code_hash bytea,
    ending text,
    expires_on date,
    clears text[]
) PARTITION BY LIST (batch_id);
"""


class Migration(migrations.Migration):
    dependencies = [
        ("partners", "0001_initial"), ("benefits", "0002_functions"), ("operations", "0012_api_clients"),
    ]

    operations = [
        *(
            migrations.RunSQL((SQL / f"{name}.sql").read_text(encoding="utf-8"), undo)
            for name, undo in FUNCTIONS.items()
        ),
        migrations.RunSQL(STAGING, "DROP TABLE partners_staged_vouchercode;"),
    ]

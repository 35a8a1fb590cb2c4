"""Fulfilments follow grants, and may become whatever their partner says that they are."""

from pathlib import Path

import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations

SQL = Path(__file__).resolve().parent.parent / "sql" / "fulfilments"
# In the order in which one needs the other.
FUNCTIONS = {
    "needed": "DROP FUNCTION partners_needed(text, text); DROP FUNCTION partners_wanted(text, boolean);",
    "queue_next": "DROP FUNCTION partners_queue_next(bigint[], boolean, date, timestamptz);",
    "order_granted": "DROP TRIGGER partners_order_granted ON benefits_grant; DROP FUNCTION partners_order_granted();",
    "follow_grants": "DROP TRIGGER partners_follow_grants ON benefits_grant; DROP FUNCTION partners_follow_grants();",
}
#: The trigger as pgtrigger writes it down: any state after any other, but nothing becomes "requested" again.
STATES = ("requested", "accepted", "active", "suspended", "revoked", "failed")
ALLOWED = ", ".join(f"('{old}', '{new}')" for old in STATES for new in STATES[1:] if old != new)
PATH = f'WHEN (OLD."state" IS DISTINCT FROM NEW."state" AND (OLD."state", NEW."state") NOT IN ({ALLOWED}))'
REFUSE = (
    "RAISE EXCEPTION 'Invalid transition of % from \"%\" to \"%\"', TG_TABLE_NAME, OLD.state, NEW.state "
    "USING ERRCODE = 'check_violation';"
)


class Migration(migrations.Migration):
    dependencies = [("partners", "0001_initial"), ("benefits", "0002_rights")]

    operations = [
        *(
            migrations.RunSQL((SQL / f"{name}.sql").read_text(encoding="utf-8"), undo)
            for name, undo in FUNCTIONS.items()
        ),
        pgtrigger.migrations.RemoveTrigger(model_name="fulfilment", name="path"),
        pgtrigger.migrations.AddTrigger(
            model_name="fulfilment",
            trigger=pgtrigger.compiler.Trigger(
                name="path",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition=PATH, func=REFUSE, hash="7ba86afde2ee32ebda94f88ab7c2d3cf509c4377", operation="UPDATE",
                    pgid="pgtrigger_path_0902e", table="partners_fulfilment", when="BEFORE",
                ),
            ),
        ),
    ]

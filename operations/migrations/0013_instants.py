"""What happened in a period is found by its instant: in the trail, and in what else only grows. Who did something, and
which run or import, stands in the contexts, which are few; events name theirs, without an index."""

from django.contrib.postgres.indexes import BrinIndex
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations

#: Model, field and index.
INSTANTS = (
    ("apiclientevent", "pgh_created_at", "operations__pgh_cre_b59807_brin"),
    ("approvalevent", "pgh_created_at", "operations__pgh_cre_de0495_brin"),
    ("approvallimitevent", "pgh_created_at", "operations__pgh_cre_7f8735_brin"),
    ("groupnameevent", "pgh_created_at", "operations__pgh_cre_415f68_brin"),
    ("grouprightevent", "pgh_created_at", "operations__pgh_cre_7439e2_brin"),
    ("importbatchevent", "pgh_created_at", "operations__pgh_cre_2743d3_brin"),
    ("jobrunevent", "pgh_created_at", "operations__pgh_cre_0fec8c_brin"),
    ("notice", "at", "notice_by_instant"),
    ("outboxmessageevent", "pgh_created_at", "operations__pgh_cre_58be48_brin"),
    ("reveal", "revealed_at", "reveal_by_instant"),
    ("userevent", "pgh_created_at", "operations__pgh_cre_2b471a_brin"),
    ("usergroupevent", "pgh_created_at", "operations__pgh_cre_0e67a8_brin"),
    ("userrightevent", "pgh_created_at", "operations__pgh_cre_d4876c_brin"),
)
#: Indexes of a library's table, which models cannot name.
CONTEXTS = {
    "audit_context_by_user": "((metadata->>'user'), created_at)",
    "audit_context_by_run": "((metadata->>'run'), created_at) WHERE metadata->>'run' IS NOT NULL",
    "audit_context_by_batch": "((metadata->>'batch'), created_at) WHERE metadata->>'batch' IS NOT NULL",
    "audit_context_by_job": "((metadata->>'job'), created_at) WHERE metadata->>'job' IS NOT NULL",
    "audit_context_by_instant": "(created_at)",
}


class Migration(migrations.Migration):
    # Indexes that are made beside the traffic are not made in a transaction.
    atomic = False
    dependencies = [("operations", "0012_api_clients")]

    operations = [
        *(
            migrations.RunSQL(
                f"CREATE INDEX CONCURRENTLY {name} ON pghistory_context {columns}", f"DROP INDEX CONCURRENTLY {name}"
            )
            for name, columns in CONTEXTS.items()
        ),
        *(AddIndexConcurrently(
            model_name=model, index=BrinIndex(fields=[field], name=name, pages_per_range=32, autosummarize=True)
        ) for model, field, name in INSTANTS),
    ]

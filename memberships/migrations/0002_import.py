"""What Django's models cannot say: keys over two columns, the staging table and the comparison of the import."""

from pathlib import Path

from django.db import migrations

# A subscription's plan is a plan of its programme; a term belongs to the member and programme of its subscription.
COMPOSITE_KEYS = """
ALTER TABLE memberships_plan ADD CONSTRAINT plan_of_programme UNIQUE (id, programme_id);
ALTER TABLE memberships_subscription ADD CONSTRAINT subscription_plan_of_programme
    FOREIGN KEY (plan_id, programme_id) REFERENCES memberships_plan (id, programme_id);
ALTER TABLE memberships_subscription ADD CONSTRAINT subscription_of_member_key UNIQUE (id, member_id, programme_id);
ALTER TABLE memberships_term ADD CONSTRAINT term_plan_of_programme
    FOREIGN KEY (plan_id, programme_id) REFERENCES memberships_plan (id, programme_id);
ALTER TABLE memberships_term ADD CONSTRAINT term_of_members_subscription
    FOREIGN KEY (subscription_id, member_id, programme_id)
    REFERENCES memberships_subscription (id, member_id, programme_id);
"""
DROP_COMPOSITE_KEYS = """
ALTER TABLE memberships_term DROP CONSTRAINT term_plan_of_programme;
ALTER TABLE memberships_term DROP CONSTRAINT term_of_members_subscription;
ALTER TABLE memberships_subscription DROP CONSTRAINT subscription_of_member_key;
ALTER TABLE memberships_subscription DROP CONSTRAINT subscription_plan_of_programme;
ALTER TABLE memberships_plan DROP CONSTRAINT plan_of_programme;
"""

# One UNLOGGED partition a batch; see operations/imports/staging.py.
STAGING = """
CREATE TABLE memberships_staged_enterprise_customer (
    batch_id bigint NOT NULL,
    line bigint NOT NULL,
    verdict text NOT NULL,
    object_id bigint,
    faults jsonb,
    legal_name text,
    credit_code text,
    contact_name text,
    mobile text,
    email text,
    province text,
    city text,
    industry text,
    size text,
    flags text[],
    plan_id bigint,
    requested_limit numeric(14, 2),
    requested_term_days smallint,
    external_id text,
    remarks text,
    clears text[]
) PARTITION BY LIST (batch_id);
"""
DROP_STAGING = "DROP TABLE memberships_staged_enterprise_customer;"

# As it was then; today's stands in sql/compare_customers.sql.
COMPARE = Path(__file__).with_name("0002_compare_customers.sql").read_text(encoding="utf-8")
DROP_COMPARE = "DROP FUNCTION memberships_compare_customers(bigint, bigint, bigint, date);"


class Migration(migrations.Migration):
    dependencies = [("memberships", "0001_initial"), ("operations", "0002_functions")]

    operations = [
        migrations.RunSQL(COMPOSITE_KEYS, DROP_COMPOSITE_KEYS),
        migrations.RunSQL(STAGING, DROP_STAGING),
        migrations.RunSQL(COMPARE, DROP_COMPARE),
    ]

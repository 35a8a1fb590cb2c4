"""What Django's models cannot say of payments and points: keys over two or three columns. Fills `paid_until`."""

from django.db import migrations

# A payment belongs to the member and programme of its subscription, a lot and an entry to the member of the wallet.
COMPOSITE_KEYS = """
ALTER TABLE memberships_payment ADD CONSTRAINT payment_of_members_subscription
    FOREIGN KEY (subscription_id, member_id, programme_id)
    REFERENCES memberships_subscription (id, member_id, programme_id);
ALTER TABLE memberships_payment ADD CONSTRAINT payment_plan_of_programme
    FOREIGN KEY (plan_id, programme_id) REFERENCES memberships_plan (id, programme_id);
ALTER TABLE memberships_pointslot ADD CONSTRAINT pointslot_of_members_wallet
    FOREIGN KEY (enrolment_id, member_id) REFERENCES memberships_enrolment (id, member_id);
ALTER TABLE memberships_pointsentry ADD CONSTRAINT pointsentry_of_members_wallet
    FOREIGN KEY (enrolment_id, member_id) REFERENCES memberships_enrolment (id, member_id);
"""
DROP_COMPOSITE_KEYS = """
ALTER TABLE memberships_pointsentry DROP CONSTRAINT pointsentry_of_members_wallet;
ALTER TABLE memberships_pointslot DROP CONSTRAINT pointslot_of_members_wallet;
ALTER TABLE memberships_payment DROP CONSTRAINT payment_plan_of_programme;
ALTER TABLE memberships_payment DROP CONSTRAINT payment_of_members_subscription;
"""

# The terms' triggers keep it from now on.
PAID_UNTIL = """
UPDATE memberships_subscription s
SET paid_until = t.last_day
FROM (SELECT subscription_id, max(ends_on) AS last_day FROM memberships_term GROUP BY subscription_id) t
WHERE s.id = t.subscription_id AND s.paid_until IS DISTINCT FROM t.last_day;
"""


class Migration(migrations.Migration):
    dependencies = [("memberships", "0003_night"), ("operations", "0003_night")]

    operations = [
        migrations.RunSQL(COMPOSITE_KEYS, DROP_COMPOSITE_KEYS),
        migrations.RunSQL(PAID_UNTIL, migrations.RunSQL.noop),
    ]

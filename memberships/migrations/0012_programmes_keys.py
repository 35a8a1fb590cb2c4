"""What Django's models cannot say of orders and tiers: keys over two columns."""

from django.db import migrations

# An order, a standing and a change of tier belong to the member of the wallet; a standing's tier is of its group.
COMPOSITE_KEYS = """
ALTER TABLE memberships_order ADD CONSTRAINT order_of_members_wallet
    FOREIGN KEY (enrolment_id, member_id) REFERENCES memberships_enrolment (id, member_id);
ALTER TABLE memberships_tierstanding ADD CONSTRAINT tierstanding_of_members_wallet
    FOREIGN KEY (enrolment_id, member_id) REFERENCES memberships_enrolment (id, member_id);
ALTER TABLE memberships_tierstanding ADD CONSTRAINT tierstanding_tier_of_group
    FOREIGN KEY (tier_id, group_id) REFERENCES memberships_tier (id, group_id);
ALTER TABLE memberships_tierchange ADD CONSTRAINT tierchange_of_members_wallet
    FOREIGN KEY (enrolment_id, member_id) REFERENCES memberships_enrolment (id, member_id);
"""
DROP_COMPOSITE_KEYS = """
ALTER TABLE memberships_tierchange DROP CONSTRAINT tierchange_of_members_wallet;
ALTER TABLE memberships_tierstanding DROP CONSTRAINT tierstanding_tier_of_group;
ALTER TABLE memberships_tierstanding DROP CONSTRAINT tierstanding_of_members_wallet;
ALTER TABLE memberships_order DROP CONSTRAINT order_of_members_wallet;
"""


class Migration(migrations.Migration):
    dependencies = [("memberships", "0011_programmes")]

    operations = [migrations.RunSQL(COMPOSITE_KEYS, DROP_COMPOSITE_KEYS)]

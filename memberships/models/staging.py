"""The staging rows of imports: what one line of a file says, typed."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from operations.models.imports import StagedRow


class StagedEnterpriseCustomer(StagedRow):
    """NULL means "the file does not say" (no such column, or a blank cell); `clears` lists the fields marked "-"."""

    legal_name = models.TextField(null=True)
    credit_code = models.TextField(null=True)
    contact_name = models.TextField(null=True)
    mobile = models.TextField(null=True)
    email = models.TextField(null=True)
    province = models.TextField(null=True)
    city = models.TextField(null=True)
    industry = models.TextField(null=True)
    size = models.TextField(null=True)
    flags = ArrayField(models.TextField(), null=True)
    plan_id = models.BigIntegerField(null=True)
    requested_limit = models.DecimalField(max_digits=14, decimal_places=2, null=True)
    requested_term_days = models.SmallIntegerField(null=True)
    external_id = models.TextField(null=True)
    remarks = models.TextField(null=True)
    clears = ArrayField(models.TextField(), null=True)

    class Meta(StagedRow.Meta):
        abstract = False
        managed = False
        db_table = "memberships_staged_enterprise_customer"


class StagedOrder(StagedRow):
    """An order or a return (`returns` is the number of the order that came back, `returns_line` its line in the file).

    `opens_wallet`: the member has no wallet for that store yet.
    """

    number = models.TextField(null=True)
    member_number = models.TextField(null=True)
    programme_id = models.BigIntegerField(null=True)
    scope = models.TextField(null=True)
    category = models.TextField(null=True)
    amount = models.DecimalField(max_digits=14, decimal_places=2, null=True)
    ordered_on = models.DateField(null=True)
    returns = models.TextField(null=True)
    returns_line = models.BigIntegerField(null=True)
    opens_wallet = models.BooleanField(null=True)
    clears = ArrayField(models.TextField(), null=True)

    class Meta(StagedRow.Meta):
        abstract = False
        managed = False
        db_table = "memberships_staged_order"


class StagedAdjustment(StagedRow):
    """Points given or taken by hand, of a wallet; `code` is the code of a reason."""

    member_number = models.TextField(null=True)
    programme_id = models.BigIntegerField(null=True)
    scope = models.TextField(null=True)
    points = models.BigIntegerField(null=True)
    code = models.TextField(null=True)
    reason = models.TextField(null=True)
    clears = ArrayField(models.TextField(), null=True)

    class Meta(StagedRow.Meta):
        abstract = False
        managed = False
        db_table = "memberships_staged_adjustment"


class StagedPerson(StagedRow):
    """A person with the number that another system knows them by, perhaps with a wallet and what was in it there."""

    external_id = models.TextField(null=True)
    source = models.TextField(null=True)
    name = models.TextField(null=True)
    mobile = models.TextField(null=True)
    email = models.TextField(null=True)
    joined_on = models.DateField(null=True)
    programme_id = models.BigIntegerField(null=True)
    scope = models.TextField(null=True)
    opening_points = models.BigIntegerField(null=True)
    expires_on = models.DateField(null=True)
    language = models.TextField(null=True)
    clears = ArrayField(models.TextField(), null=True)

    class Meta(StagedRow.Meta):
        abstract = False
        managed = False
        db_table = "memberships_staged_person"

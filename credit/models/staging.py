"""The staging rows of imports: what one line of a file says, typed."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from operations.models.imports import StagedRow


class StagedReceipt(StagedRow):
    """A payment of a bank's statement. `credit_line_id`, `member_id` and `rule` say whose it is, NULL: nobody knows.

    `first_line`: the first new line of the file that is of the same credit line; its own where it is nobody's.
    """

    received_on = models.DateField(null=True)
    payer_name = models.TextField(null=True)
    payer_account = models.TextField(null=True)
    amount = models.DecimalField(max_digits=14, decimal_places=2, null=True)
    reference = models.TextField(null=True)
    bank_number = models.TextField(null=True)
    our_account = models.TextField(null=True)
    credit_line_id = models.BigIntegerField(null=True)
    member_id = models.BigIntegerField(null=True)
    rule = models.TextField(null=True)
    first_line = models.BigIntegerField(null=True)
    clears = ArrayField(models.TextField(), null=True)

    class Meta(StagedRow.Meta):
        abstract = False
        managed = False
        db_table = "credit_staged_receipt"


class StagedLimit(StagedRow):
    """A grant or a review of credit, of a firm. Judged: its card, its terms, what the row is weighed by; of a review
    the number of the line's last version as the preview saw it."""

    member_number = models.TextField(null=True)
    programme_id = models.BigIntegerField(null=True)
    wanted_limit = models.DecimalField(max_digits=14, decimal_places=2, null=True)
    term_days = models.IntegerField(null=True)
    review_on = models.DateField(null=True)
    reason = models.TextField(null=True)
    member_id = models.BigIntegerField(null=True)
    subscription_id = models.BigIntegerField(null=True)
    terms = models.JSONField(null=True)
    weight = models.DecimalField(max_digits=16, decimal_places=2, null=True)
    seen = models.BigIntegerField(null=True)
    clears = ArrayField(models.TextField(), null=True)

    class Meta(StagedRow.Meta):
        abstract = False
        managed = False
        db_table = "credit_staged_limit"


class StagedInvoice(StagedRow):
    """An invoice of a list. `customer` is a credit code or a member number; judged: the credit line, and the first new
    line of the file that is of the same one."""

    customer = models.TextField(null=True)
    programme_id = models.BigIntegerField(null=True)
    number = models.TextField(null=True)
    order_number = models.TextField(null=True)
    amount = models.DecimalField(max_digits=14, decimal_places=2, null=True)
    invoiced_on = models.DateField(null=True)
    credit_line_id = models.BigIntegerField(null=True)
    first_line = models.BigIntegerField(null=True)
    clears = ArrayField(models.TextField(), null=True)

    class Meta(StagedRow.Meta):
        abstract = False
        managed = False
        db_table = "credit_staged_invoice"

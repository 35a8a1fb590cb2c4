"""Rows on their way in, one class an importer."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from operations.models.imports import StagedRow


class StagedBrand(StagedRow):
    """A brand of a list."""

    code = models.TextField(null=True)
    name = models.TextField(null=True)
    name_en = models.TextField(null=True)
    category = models.TextField(null=True)
    clears = ArrayField(models.TextField(), null=True)

    class Meta(StagedRow.Meta):
        abstract = False
        managed = False
        db_table = "benefits_staged_brand"


class StagedCampaignFigure(StagedRow):
    """What a group spent on a day."""

    campaign_id = models.BigIntegerField(null=True)
    # As 2027-01-15: it is what names the row.
    reported_on = models.TextField(null=True)
    buyer_group = models.TextField(null=True)
    buyers = models.BigIntegerField(null=True)
    orders = models.BigIntegerField(null=True)
    amount = models.DecimalField(max_digits=18, decimal_places=2, null=True)
    clears = ArrayField(models.TextField(), null=True)

    class Meta(StagedRow.Meta):
        abstract = False
        managed = False
        db_table = "benefits_staged_campaignfigure"

"""An entry that somebody approved names maker, checker and request, or none of them."""

from django.db import migrations, models
from django.db.models import F, Q

NAME = "creditentry_two_people"


class Migration(migrations.Migration):
    dependencies = [("credit", "0006_instants")]

    operations = [
        migrations.RemoveConstraint(model_name="creditentry", name=NAME),
        migrations.AddConstraint(
            model_name="creditentry",
            constraint=models.CheckConstraint(
                condition=Q(checker=None, approval=None)
                | (Q(checker__isnull=False, approval__isnull=False, actor__isnull=False) & ~Q(checker=F("actor"))),
                name=NAME,
            ),
        ),
    ]

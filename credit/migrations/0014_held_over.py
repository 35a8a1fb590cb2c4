"""What was authorised and is over holds nothing, whether or not a night has let go of it; a payment that is moved pays
the other invoice from then on.
"""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).resolve().parent.parent / "sql"
# Made by 0002 on a new database; made again for those of before.
AGAIN = ("draws/held_over", "draws/room", "draws/hindrances", "late_fees/due")


class Migration(migrations.Migration):
    dependencies = [("credit", "0013_done_alone")]

    operations = [
        migrations.RunSQL((SQL / f"{name}.sql").read_text(encoding="utf-8"), migrations.RunSQL.noop) for name in AGAIN
    ]

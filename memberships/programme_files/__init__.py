"""Programme files: one YAML file says what a programme is, section by section.

    text --reading.py--> values with their lines --schema.py--> a document --checks of the sections--> a Document
    Document + what the tables say --changes--> words and numbers;  --apply--> tables;  tables --export--> text

Sections register by name in `operations.registry.programme_sections`; the published schema
(`programmes/programme.schema.json`, written by `manage.py programme schema`) is made from them. `documents.py` is what
others call; services/revisions.py brings a file into effect.
"""

from memberships.programme_files.plans import Plans
from memberships.programme_files.points import Points
from memberships.programme_files.programme import ProgrammeFacts
from memberships.programme_files.tier_groups import TierGroups
from memberships.programme_files.tiers import Tiers

#: Those of this floor, in the order in which they are applied.
SECTIONS = (ProgrammeFacts, TierGroups, Tiers, Plans, Points)

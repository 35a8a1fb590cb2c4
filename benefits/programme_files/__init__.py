"""The sections of programme files that say what a membership brings: budgets, benefits with their rules, choice groups.

In the order in which they are applied: benefits draw on budgets. Rules and choice groups name each other; a group that
a rule names first stands as its code until its own section says what it is.
"""

from benefits.programme_files.benefits import Benefits
from benefits.programme_files.budgets import Budgets
from benefits.programme_files.choice_groups import ChoiceGroups

SECTIONS = (Budgets, Benefits, ChoiceGroups)

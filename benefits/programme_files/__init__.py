"""The sections of programme files that say what a membership brings: what brands commit, budgets, benefits with their
rules, campaigns, choice groups, and how benefits go together in a price.

In the order in which they are applied: benefits draw on budgets, and campaigns' budgets on what brands committed. Rules
and choice groups name each other; a group that a rule names first stands as its code until its own section says what it
is. Prices come last: with them the terms that benefits have by then are kept as versions.
"""

from benefits.programme_files.benefits import Benefits
from benefits.programme_files.budgets import Budgets
from benefits.programme_files.campaigns import Campaigns
from benefits.programme_files.choice_groups import ChoiceGroups
from benefits.programme_files.commitments import Commitments
from benefits.programme_files.pricing import Pricing

SECTIONS = (Commitments, Budgets, Benefits, Campaigns, ChoiceGroups, Pricing)

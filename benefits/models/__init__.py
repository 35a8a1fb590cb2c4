"""Facts and constraints of benefits.

Benefit <- BenefitRule says who has how much of it; ChoiceGroup and Choice, what of several one picks. A Redemption is
one use and locks its Usage row; a Grant is what a member holds of it. Stocks and budgets bound what is given.
"""

from benefits.models.answers import KeptAnswer
from benefits.models.benefits import Benefit, BenefitRule
from benefits.models.brands import Brand
from benefits.models.budgets import Budget, BudgetEntry
from benefits.models.campaigns import Campaign, CampaignFigure
from benefits.models.choices import Choice, ChoiceGroup, ChoiceOption, FormerChoiceGroup
from benefits.models.grants import Grant
from benefits.models.pricing import BenefitTerms, PricingPolicy
from benefits.models.redemptions import Redemption, Usage
from benefits.models.savings import OrderSaving
from benefits.models.segments import MemberSegment
from benefits.models.staged import StagedBrand, StagedCampaignFigure
from benefits.models.stocks import BenefitStock
from benefits.models.values import ValueStatement

__all__ = [
    "Benefit",
    "BenefitRule",
    "BenefitStock",
    "BenefitTerms",
    "Brand",
    "Budget",
    "BudgetEntry",
    "Campaign",
    "CampaignFigure",
    "Choice",
    "ChoiceGroup",
    "ChoiceOption",
    "FormerChoiceGroup",
    "Grant",
    "KeptAnswer",
    "MemberSegment",
    "OrderSaving",
    "PricingPolicy",
    "Redemption",
    "StagedBrand",
    "StagedCampaignFigure",
    "Usage",
    "ValueStatement",
]

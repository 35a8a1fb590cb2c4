"""After-sales rights of a member, by what they held on the day of purchase (benefits/after_sales.py has the rules)."""

from datetime import date

from benefits.after_sales import Answer, Purchase, Right, after_sales_answer
from benefits.services.held_benefits import held_benefits
from memberships.models import Member, Programme


def answer_after_sales(
    member: Member, purchase: Purchase, *, on: date, programme: Programme | None = None, region: str | None = None
) -> Answer:
    """Whether the member may have what is asked on that day, by a right of the programme or (None) of any.

    AfterSalesQuestionError for a question that cannot be asked.
    """
    held = held_benefits(member, ["after_sales"], on=purchase.bought_on, programme=programme, region=region)
    rights = [Right(each.key, str(each.benefit), each.terms, each.rule) for each in held if each.times != 0]
    return after_sales_answer(rights, purchase, on=on)

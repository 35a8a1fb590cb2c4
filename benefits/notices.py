"""What members are told of their benefits: what they hold and have not used is about to end."""

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from memberships.models import Member
from memberships.notices import MemberNotice
from operations.notices import Facts


class BenefitsEnd(MemberNotice):
    """Ahead of the last day of coupons, gifts and the like; all that end on a day in one notice."""

    label: str | Promise = _("benefits will end")
    template = "benefits_end"
    function = "benefits_notice_benefits_end"
    model = Member
    after = ("expire_grants",)
    sample: Facts = {
        "benefits": 5, "others": 2, "names": "58元酒店券、30元酒店券、免费洗车", "last_on": "2027-01-31",
        "names_en": "58 CNY hotel coupon, 30 CNY hotel coupon, free car wash",
    }

    def page_of(self, key: int) -> tuple[str, str]:
        """The member's number and page."""
        return Member(pk=key).number, reverse("admin:memberships_member_change", args=[key])


def notice_kinds() -> list[MemberNotice]:
    """All kinds of this floor."""
    return [BenefitsEnd(days=7)]

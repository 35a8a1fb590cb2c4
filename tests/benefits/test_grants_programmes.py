"""What the shipped programmes give by themselves."""

from datetime import date, timedelta

import pytest

from benefits.models import Grant
from benefits.services.choices import choose, swap
from memberships.models import Member, Plan
from memberships.services.subscriptions import join
from tests.benefits.benefit_stories import TODAY, a_key, at
from tests.memberships.factories import a_firm, a_person
from tests.memberships.night_stories import run_job
from tests.programmes.stories import in_effect, shipped

pytestmark = pytest.mark.django_db


def held(member: Member, *, on: date) -> set[str]:
    grants = Grant.objects.held(on=on).filter(member=member, state=Grant.State.LIVE)
    return set(grants.values_list("benefit__code", flat=True))


def test_jd_plus_brings_its_partners_privileges_with_the_card_and_takes_them_with_it() -> None:
    programme = in_effect(shipped("jd-plus"))
    card = join(a_person(), Plan.objects.get(programme=programme, code="annual"), on=TODAY, actor=None)
    privileges = set(programme.benefits.filter(kind="partner_subscription").values_list("code", flat=True))
    assert held(card.member, on=TODAY) == privileges >= {"iqiyi", "zhihu", "ctrip", "jd-read-badge"}
    after = date(2028, 1, 15) + timedelta(days=card.plan.grace_days)
    run_job("enter_grace_and_lapse", on=after)
    run_job("follow_rights", on=after)
    assert held(card.member, on=after) == set()
    assert not Grant.objects.exclude(state=Grant.State.ENDED).exists()


def test_a_firms_card_brings_the_opening_gift_once() -> None:
    programme = in_effect(shipped("jd-plus-enterprise"))
    card = join(a_firm(), Plan.objects.get(programme=programme, code="premium"), on=TODAY, actor=None)
    assert held(card.member, on=TODAY) == {"opening-gift"}
    for days in (1, 40, 300):
        run_job("follow_rights", on=TODAY + timedelta(days=days))
    assert Grant.objects.filter(member=card.member).count() == 1


def test_of_the_templates_three_the_chosen_one_is_given_and_exchanged_once() -> None:
    programme = in_effect(shipped("paid-card-template"))
    card = join(a_person(), Plan.objects.get(programme=programme), on=TODAY, actor=None)
    member, group = card.member, programme.choice_groups.get()
    music, reading = (programme.benefits.get(code=code) for code in ("music", "reading"))
    assert held(member, on=TODAY) == set()
    choose(member, group, music, key=a_key(), on=TODAY, at=at(TODAY), actor=None)
    assert held(member, on=TODAY) == {"music"}
    later = TODAY + timedelta(days=90)
    swap(member, group, music, reading, key=a_key(), on=later, at=at(later), actor=None)
    run_job("follow_rights", on=later)
    assert held(member, on=later) == {"reading"}
    other = join(a_person(), Plan.objects.get(programme=programme), on=later, actor=None).member
    run_job("follow_rights", on=later + timedelta(days=30))
    assert held(other, on=later + timedelta(days=30)) == {"video"}

"""The template of a paid card: copied and given its own code, names and figures, it is a programme of its own."""

from datetime import timedelta

import pytest

from benefits.services.choices import choose
from memberships.models import Plan, Programme
from memberships.programme_files.documents import read_document
from memberships.services.subscriptions import join
from tests.memberships.factories import TODAY, a_person
from tests.programmes.stories import entitled, goes_in_and_comes_out_the_same, in_effect, noon, text_of

pytestmark = pytest.mark.django_db


def test_the_template_is_a_programme_with_one_card() -> None:
    programme = goes_in_and_comes_out_the_same("paid-card-template")
    card = join(a_person(), Plan.objects.get(programme=programme), on=TODAY, actor=None)
    assert card.terms.get().starts_on == TODAY


def test_a_copy_with_another_code_stands_beside_it() -> None:
    goes_in_and_comes_out_the_same("paid-card-template")
    copy = text_of("paid-card-template").replace("code: paid-card-template", "code: suning-super")
    in_effect(read_document(copy))
    assert set(Programme.objects.values_list("code", flat=True)) == {"paid-card-template", "suning-super"}
    assert Plan.objects.filter(code="annual").count() == 2


def test_no_figure_is_invented() -> None:
    """Every figure of the template says that it is a placeholder."""
    lines = text_of("paid-card-template").splitlines()
    keys = ("price", "term_", "picks", "deadline_days", "swaps")
    figures = [line for line in lines if line.strip().startswith(keys)]
    assert len(figures) == 5
    assert all(line.endswith("# PLACEHOLDER") for line in figures)


def test_a_member_has_one_of_three_by_choice_or_by_default() -> None:
    programme = goes_in_and_comes_out_the_same("paid-card-template")
    card = join(a_person(), Plan.objects.get(programme=programme), on=TODAY, actor=None)
    member, music = card.member, programme.benefits.get(code="music")
    assert entitled(member, on=TODAY).keys() == {"free-delivery"}
    other = join(a_person(), Plan.objects.get(programme=programme), on=TODAY, actor=None).member
    choose(member, programme.choice_groups.get(), music, key="choice:1", on=TODAY, at=noon(TODAY), actor=None)
    assert entitled(member, on=TODAY).keys() == {"free-delivery", "music"}
    after = TODAY + timedelta(days=30)
    assert entitled(other, on=after - timedelta(days=1)).keys() == {"free-delivery"}
    assert entitled(other, on=after).keys() == {"free-delivery", "video"}

"""The template of a paid card: copied and given its own code, names and figures, it is a programme of its own."""

import pytest

from memberships.models import Plan, Programme
from memberships.programme_files.documents import read_document
from memberships.services.subscriptions import join
from tests.memberships.factories import TODAY, a_person
from tests.programmes.stories import goes_in_and_comes_out_the_same, in_effect, text_of

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
    figures = [line for line in lines if line.strip().startswith(("price", "term"))]
    assert len(figures) == 2
    assert all(line.endswith("# PLACEHOLDER") for line in figures)

"""The masks of the screen and those of the database are the same."""

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from operations.masking import mask_email, mask_mobile, mask_name

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=30)


@pytest.mark.django_db
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(texts)
def test_python_masks_as_the_database_does(text: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT mask_name(%s), mask_mobile(%s), mask_email(%s)", [text, text, text])
        assert cursor.fetchone() == (mask_name(text), mask_mobile(text), mask_email(text))


def test_masks_leave_enough_to_tell_people_apart_and_no_more() -> None:
    assert mask_name("王小明") == "王**"
    assert mask_mobile("13800138000") == "138****8000"
    assert mask_email("amy@x.com") == "a***@x.com"


def test_blank_stays_blank() -> None:
    assert (mask_name(""), mask_mobile(""), mask_email("")) == ("", "", "")

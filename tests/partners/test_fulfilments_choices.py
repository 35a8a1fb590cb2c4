"""What was chosen and a partner made active is in use: it is not exchanged any more."""

import pytest
from django.utils import translation

from benefits.errors import UsedAlreadyError
from benefits.models import Grant
from benefits.services.choices import choice_state, choose, swap
from partners.models import Offer
from partners.services.fulfilments import note_state
from tests.benefits.benefit_stories import TODAY, a_group, a_key, at, of_card, with_card
from tests.partners.fulfilment_stories import a_partner, an_offer, fulfilment_of

pytestmark = pytest.mark.django_db


def test_an_option_is_exchanged_until_the_partner_says_that_it_is_active() -> None:
    """Video is ordered only, and goes back; music is active; doctors' hours are counted by the partner, and unused."""
    partner = a_partner()
    video, music = an_offer(partner).benefit, an_offer(partner).benefit
    doctor = an_offer(a_partner("jd-health"), mode=Offer.Mode.REPORTED).benefit
    group = a_group(video, music, doctor, picks=1, swaps=3)
    for benefit in (video, music, doctor):
        of_card(benefit, choice_group=group, is_automatic=True)
    member = with_card().member
    facts = {"on": TODAY, "at": at(TODAY), "actor": None}
    choose(member, group, doctor, key=a_key(), **facts)  # type: ignore[arg-type]
    swap(member, group, doctor, video, key=a_key(), **facts)  # type: ignore[arg-type]
    swap(member, group, video, music, key=a_key(), **facts)  # type: ignore[arg-type]
    assert fulfilment_of(Grant.objects.get(benefit=video)).wanted == "revoked"
    ordered = fulfilment_of(Grant.objects.get(benefit=music))
    for state in ("active", "suspended"):
        note_state(ordered, state, sequence=None, on=TODAY, at=at(TODAY))
        found = choice_state(member, group, on=TODAY)
        assert found is not None
        assert [(option.benefit, option.is_used, option.may_swap) for option in found.chosen] == [(music, True, False)]
        with translation.override("en"), pytest.raises(UsedAlreadyError, match="was used in this window"):
            swap(member, group, music, video, key=a_key(), **facts)  # type: ignore[arg-type]

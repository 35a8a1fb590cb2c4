"""The page on which an operator chooses for a member, or exchanges what was chosen."""

from datetime import date
from typing import Any
from uuid import uuid4

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.admin import ModelAdmin
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminSelectWidget

from benefits.models import Choice, ChoiceGroup
from benefits.services.choice_states import ChoiceState, choice_state
from benefits.services.choices import choose, swap
from memberships.admin.actions import ConfirmForm, Fact, who_and_when
from memberships.admin.display import today
from memberships.models import Member
from operations.admin.reasons import ask, record_url
from operations.errors import PlusdeskError

PERMISSION = "benefits.choose_benefit"


class ChooseForm(ConfirmForm):
    """Which options are taken; and which one is put away for which other one. One of the two at a time."""

    first_fields = ("take", "put_away", "instead")
    take = forms.MultipleChoiceField(
        label=gettext_lazy("Choose"), required=False, widget=UnfoldAdminCheckboxSelectMultipleWidget()
    )
    put_away = forms.ChoiceField(label=gettext_lazy("Exchange"), required=False, widget=UnfoldAdminSelectWidget())
    instead = forms.ChoiceField(label=gettext_lazy("for"), required=False, widget=UnfoldAdminSelectWidget())

    def __init__(self, data: Any, *, seen: str, state: ChoiceState) -> None:
        super().__init__(data, seen=seen)
        others = [option for option in state.options if not option.is_chosen]
        swappable = [option for option in state.options if option.may_swap]
        self._offer("take", [option for option in others if option.may_choose], has_blank=False)
        self._offer("put_away", swappable if others else [])
        self._offer("instead", others if swappable else [])

    def _offer(self, name: str, options: list[Any], *, has_blank: bool = True) -> None:
        """The options of a field; a field without any is left out."""
        if not options:
            del self.fields[name]
            return
        named = [(str(option.benefit.pk), str(option.benefit)) for option in options]
        self.fields[name].choices = [("", "–"), *named] if has_blank else named  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        takes, puts = cleaned.get("take"), cleaned.get("put_away")
        if bool(takes) == bool(puts):
            raise forms.ValidationError(_("Choose something, or exchange one option for another: one of the two."))
        if bool(puts) != bool(cleaned.get("instead")):
            raise forms.ValidationError(_("An exchange names what is put away and what comes instead."))
        return cleaned


def choose_page(admin: ModelAdmin, request: HttpRequest, member_id: int, group_id: int) -> HttpResponse:
    """Ask, then choose. A second click finds the first one's choice: the page carries its key."""
    if not request.user.has_perm(PERMISSION):
        raise PermissionDenied
    member = Member.objects.filter(pk=member_id).first()
    group = ChoiceGroup.objects.filter(pk=group_id).first()
    if member is None or group is None:
        raise Http404
    on, page = today(), f"{record_url(member)}#benefits"
    posted = request.POST if request.method == "POST" else None
    seen = request.POST.get("seen", "") if posted else str(uuid4())
    # Before the form is built: what the first click took is offered no more.
    if posted and Choice.objects.filter(member=member, group=group, key=_key(seen)).exists():
        _say_saved(request, group)
        return HttpResponseRedirect(page)
    state = choice_state(member, group, on=on)
    if state is None:
        messages.error(request, _("Nothing entitles the member to choose in “%(group)s”.") % {"group": group})
        return HttpResponseRedirect(page)
    form = ChooseForm(posted, seen=seen, state=state)
    if posted is not None and form.is_valid() and _choose(request, form, member, state, on=on):
        return HttpResponseRedirect(page)
    return ask(
        admin, request, member, form, title=_("Choose in “%(group)s”") % {"group": group}, submit_label=_("Save"),
        template="memberships/confirm.html", facts=_facts(member, state), back_url=page,
    )


def _choose(request: HttpRequest, form: ChooseForm, member: Member, state: ChoiceState, *, on: date) -> bool:
    """Whether it was done; else its reason is in the form."""
    chosen = form.cleaned_data
    benefits = {str(option.benefit.pk): option.benefit for option in state.options}
    facts: dict[str, Any] = {"key": _key(chosen["seen"]), "on": on, **who_and_when(request, form)}
    try:
        if chosen.get("take"):
            choose(member, state.group, [benefits[pk] for pk in chosen["take"]], **facts)
        else:
            swap(member, state.group, benefits[chosen["put_away"]], benefits[chosen["instead"]], **facts)
    except PlusdeskError as error:
        form.add_error(None, str(error))
        return False
    _say_saved(request, state.group)
    return True


def _key(seen: str) -> str:
    """Of what the page that carried `seen` brings about."""
    return f"desk:{seen}"


def _say_saved(request: HttpRequest, group: ChoiceGroup) -> None:
    messages.success(request, _("The choice in “%(group)s” was saved.") % {"group": group})


def _facts(member: Member, state: ChoiceState) -> tuple[Fact, ...]:
    had = [
        _("%(benefit)s (by default)") % {"benefit": option.benefit} if option.is_default else str(option.benefit)
        for option in state.chosen
    ]
    swaps = ngettext("%(swaps)s swap", "%(swaps)s swaps", state.swaps_left) % {
        "swaps": number_format(state.swaps_left)
    }
    until = date_format(state.choosable_until, "Y-m-d") if state.choosable_until else _("no end")
    return (
        (_("Member"), member.number), (_("Chosen"), ", ".join(had) or "–"),
        (_("Still to be chosen"), number_format(state.free)), (_("Until"), until), (_("Left to use"), swaps),
    )

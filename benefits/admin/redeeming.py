"""The page on which an operator redeems a benefit for a member."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import uuid4

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.admin import ModelAdmin
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from benefits.admin.display import price_in_words
from benefits.models import Benefit
from benefits.services.redemptions import redeem
from benefits.services.rights import Right, rights_of
from memberships.admin.actions import ConfirmForm, Fact, who_and_when
from memberships.admin.display import today
from memberships.models import Enrolment, Member
from operations.admin.reasons import ask, record_url
from operations.errors import PlusdeskError

PERMISSION = "benefits.redeem_benefit"


class RedeemForm(ConfirmForm):
    """For what, how often, for which order. Fields that have nothing to choose are left out."""

    first_fields = ("category", "store", "quantity", "order_number")
    category = forms.ChoiceField(
        label=gettext_lazy("For the category"), required=False, widget=UnfoldAdminSelectWidget()
    )
    store = forms.ChoiceField(label=gettext_lazy("Store"), widget=UnfoldAdminSelectWidget())
    quantity = forms.IntegerField(
        label=gettext_lazy("Quantity"), min_value=1, max_value=10**6, initial=1, widget=UnfoldAdminIntegerFieldWidget()
    )
    order_number = forms.CharField(
        label=gettext_lazy("Order number"), max_length=48, required=False, widget=UnfoldAdminTextInputWidget()
    )

    def __init__(self, data: Any, *, seen: str, rights: Sequence[Right], category: str = "") -> None:
        super().__init__(data, seen=seen, initial={"category": category})
        categories = sorted({right.category for right in rights})
        if categories in ([], [""]):
            del self.fields["category"]
        else:
            named = [(name, name or _("all others")) for name in categories]
            self.fields["category"].choices = named  # type: ignore[attr-defined]
        stores = sorted({right.store_id for right in rights if right.store_id is not None})
        if stores:
            found = Enrolment.objects.filter(pk__in=stores).order_by("scope")
            self.fields["store"].choices = [(str(each.pk), each.scope) for each in found]  # type: ignore[attr-defined]
        else:
            del self.fields["store"]


def redeem_page(admin: ModelAdmin, request: HttpRequest, member_id: int, benefit_id: int) -> HttpResponse:
    """Ask, then redeem. A second click finds the first one's use: the page carries its key."""
    if not request.user.has_perm(PERMISSION):
        raise PermissionDenied
    member = Member.objects.filter(pk=member_id).first()
    benefit = Benefit.objects.select_related("programme").filter(pk=benefit_id).first()
    if member is None or benefit is None:
        raise Http404
    on = today()
    rights = rights_of(member.pk, on=on, benefit_id=benefit.pk)
    posted = request.POST if request.method == "POST" else None
    seen = request.POST.get("seen", "") if posted else str(uuid4())
    form = RedeemForm(posted, seen=seen, rights=rights, category=request.GET.get("category", ""))
    if posted is not None and form.is_valid() and _redeem(request, form, member, benefit, on=on):
        return HttpResponseRedirect(f"{record_url(member)}#benefits")
    title = _("Redeem “%(benefit)s”") % {"benefit": benefit}
    return ask(
        admin, request, member, form, title=title, submit_label=_("Redeem"), template="memberships/confirm.html",
        facts=_facts(member, benefit, rights), back_url=f"{record_url(member)}#benefits",
        note=_("It is booked at once: quota, points, stock and budget, or nothing at all."),
    )


def _redeem(request: HttpRequest, form: RedeemForm, member: Member, benefit: Benefit, *, on: date) -> bool:
    """Whether it was done; else its reason is in the form."""
    chosen = form.cleaned_data
    store = Enrolment.objects.get(pk=chosen["store"]) if chosen.get("store") else None
    try:
        redemption = redeem(
            member, benefit, key=f"desk:{chosen['seen']}", on=on, quantity=chosen["quantity"],
            category=chosen.get("category", ""), enrolment=store, order_number=chosen["order_number"],
            **who_and_when(request, form),
        )
    except PlusdeskError as error:
        form.add_error(None, str(error))
        return False
    paid = price_in_words(points=redemption.points, price=redemption.price)
    words = _("“%(benefit)s” was redeemed: %(quantity)s, %(paid)s.")
    messages.success(
        request, words % {"benefit": benefit, "quantity": number_format(redemption.quantity), "paid": paid}
    )
    return True


def _facts(member: Member, benefit: Benefit, rights: Sequence[Right]) -> tuple[Fact, ...]:
    """Who, what, and how much of it by each line's rule that wins."""
    lines = [(_line_label(right), _line_words(right)) for right in rights if right.place == 1]
    return ((_("Member"), member.number), (_("Benefit"), benefit), *lines)


def _line_label(right: Right) -> str:
    return _("Left for %(category)s") % {"category": right.category} if right.category else _("Left to use")


def _line_words(right: Right) -> str:
    left = (
        _("without limit") if right.quota is None
        else _("%(left)s of %(quota)s")
        % {"left": number_format(right.left or 0), "quota": number_format(right.quota)}
    )
    words = [left]
    if right.resets_on is not None:
        words.append(_("again from %(day)s on") % {"day": date_format(right.resets_on, "Y-m-d")})
    if right.points_price or right.member_price:
        words.append(price_in_words(points=right.points_price, price=right.member_price))
    return " · ".join(words)

"""How a member pays: adding and removing agreements, and choosing the one that a card is renewed by."""

from datetime import date

from django.db import transaction
from django.utils.translation import gettext as _

from memberships.errors import PaymentMethodError, PaymentUnderWayError, SubscriptionStateError
from memberships.models import Member, Payment, PaymentMethod, Subscription
from memberships.services.members import lock_member
from memberships.services.payments import check_method
from operations.audit import because
from operations.models import User


@transaction.atomic
def add_payment_method(
    member: Member, *, gateway: str, token: str, label: str = "", on: date, actor: User | None
) -> PaymentMethod:
    """Keep a member's agreement with a gateway; the same one again is the one that is there.

    PaymentMethodError when it was removed: a removed agreement is not taken up again, the gateway gives a new token.
    """
    member = lock_member(member.pk)
    with because(_("payment method added"), actor=actor):
        method, is_new = PaymentMethod.objects.get_or_create(
            member=member, gateway=gateway, token=token.strip(), defaults={"label": label.strip(), "added_on": on}
        )
    if not is_new and method.removed_on is not None:
        raise PaymentMethodError(_("This payment method was removed on %(day)s.") % {"day": method.removed_on})
    return method


@transaction.atomic
def remove_payment_method(
    method: PaymentMethod, *, on: date, actor: User | None, reason: str = ""
) -> PaymentMethod:
    """Charge it no more; cards renewed by it are not, until another is chosen. A repeat changes nothing.

    PaymentUnderWayError while a payment by it is open.
    """
    lock_member(method.member_id)
    method = PaymentMethod.objects.get(pk=method.pk)
    if method.removed_on is not None:
        return method
    payment = Payment.objects.open().filter(member=method.member_id, method=method).first()
    if payment is not None:
        raise PaymentUnderWayError(payment)
    method.removed_on = max(on, method.added_on)
    with because(reason or _("payment method removed"), actor=actor):
        method.save(update_fields=["removed_on"])
    return method


@transaction.atomic
def choose_payment_method(
    subscription: Subscription, method: PaymentMethod | None, *, actor: User | None, reason: str = ""
) -> Subscription:
    """Renew the card by this agreement from now on; by none, it is not renewed by itself.

    A softly declined payment is tried again by it, on its day. Raises PaymentMethodError, SubscriptionStateError when
    the card has ended.
    """
    member = lock_member(subscription.member_id)
    subscription = Subscription.objects.get(pk=subscription.pk)
    if subscription.ended_on is not None:
        raise SubscriptionStateError(_("The card has ended on %(day)s.") % {"day": subscription.ended_on})
    if method is not None:
        check_method(member, method)
    subscription.payment_method = method
    with because(reason or _("payment method chosen"), actor=actor):
        subscription.save(update_fields=["payment_method"])
    return subscription

from django.apps import AppConfig
from django.conf import settings
from django.utils.translation import gettext_lazy as _


class MembershipsConfig(AppConfig):
    name = "memberships"
    verbose_name = _("Memberships")

    def ready(self) -> None:
        from memberships.approvals import RefundPayment
        from memberships.books.gateways import GatewayList
        from memberships.books.payments import Payments
        from memberships.books.points import Entries, Lots, Wallets
        from memberships.books.terms import Terms
        from memberships.importers import EnterpriseCustomerImporter, OrderImporter
        from memberships.jobs.lapses import EnterGraceAndLapse
        from memberships.jobs.payments import ResolveUnknownPayments, RetryPayments
        from memberships.jobs.points import ExpirePoints, MeasureLiability, PostPendingPoints
        from memberships.jobs.renewals import RenewSubscriptions
        from memberships.points_approvals import ExtendPoints, ReinstatePoints, ReversePoints
        from memberships.roles import give_rights
        from operations import registry

        for importer in (EnterpriseCustomerImporter, OrderImporter):
            registry.importers.register(importer())
        # In the order of a night.
        for job in (
            ResolveUnknownPayments, RenewSubscriptions, RetryPayments, EnterGraceAndLapse, PostPendingPoints,
            ExpirePoints, MeasureLiability,
        ):
            registry.jobs.register(job())
        for check in (Wallets, Lots, Entries, Terms, Payments):
            registry.book_checks.register(check())
        for gateway in settings.GATEWAYS:
            registry.book_checks.register(GatewayList(gateway))
        for action in (RefundPayment, ExtendPoints, ReinstatePoints, ReversePoints):
            registry.approval_actions.register(action())
        give_rights()

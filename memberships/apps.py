from django.apps import AppConfig
from django.conf import settings
from django.utils.translation import gettext_lazy as _


class MembershipsConfig(AppConfig):
    name = "memberships"
    verbose_name = _("Memberships")

    def ready(self) -> None:
        from memberships.adjustment_approvals import AdjustPoints
        from memberships.approvals import RefundPayment
        from memberships.books.gateways import GatewayList
        from memberships.books.payments import Payments
        from memberships.books.points import Entries, Issues, Lots, Wallets
        from memberships.books.terms import Terms
        from memberships.books.tiers import Changes, Standings
        from memberships.importers import (
            AdjustmentImporter,
            EnterpriseCustomerImporter,
            OrderImporter,
            PersonImporter,
        )
        from memberships.jobs.lapses import EnterGraceAndLapse
        from memberships.jobs.payments import ResolveUnknownPayments, RetryPayments
        from memberships.jobs.points import ExpirePoints, MeasureLiability, PostPendingPoints
        from memberships.jobs.renewals import RenewSubscriptions
        from memberships.jobs.revisions import ApplyProgrammeRevisions, MoveCards
        from memberships.jobs.tiers import EvaluateTiers, ForeseeDowngrades
        from memberships.jobs.what_ifs import CountWhatIfs
        from memberships.notices import notice_kinds
        from memberships.points_approvals import ExtendPoints, ReinstatePoints, ReversePoints
        from memberships.programme_files import SECTIONS
        from memberships.programme_files.approval import ApplyProgrammeRevision
        from memberships.roles import give_rights
        from memberships.tier_approvals import SetTier
        from operations import registry

        for importer in (EnterpriseCustomerImporter, PersonImporter, OrderImporter, AdjustmentImporter):
            registry.importers.register(importer())
        # In the order of a night.
        for job in (
            ApplyProgrammeRevisions, MoveCards, ResolveUnknownPayments, RenewSubscriptions, RetryPayments,
            EnterGraceAndLapse, PostPendingPoints, ExpirePoints, MeasureLiability, EvaluateTiers, ForeseeDowngrades,
            CountWhatIfs,
        ):
            registry.jobs.register(job())
        for check in (Wallets, Lots, Entries, Issues, Terms, Payments, Standings, Changes):
            registry.book_checks.register(check())
        for gateway in settings.GATEWAYS:
            registry.book_checks.register(GatewayList(gateway))
        for action in (
            RefundPayment, ExtendPoints, ReinstatePoints, ReversePoints, AdjustPoints, ApplyProgrammeRevision, SetTier,
        ):
            registry.approval_actions.register(action())
        for kind in notice_kinds():
            registry.notices.register(kind)
        for section in SECTIONS:
            registry.programme_sections.register(section())
        give_rights()

from django.apps import AppConfig
from django.conf import settings
from django.utils.translation import gettext_lazy as _


class MembershipsConfig(AppConfig):
    name = "memberships"
    verbose_name = _("Memberships")

    def ready(self) -> None:
        from memberships.adjustment_approvals import AdjustPoints
        from memberships.admin.case_panel import CaseNotes, CaseNotesPanel
        from memberships.admin.closures import ClosurePanel
        from memberships.admin.dashboard import PANELS
        from memberships.admin.finders import FINDERS
        from memberships.admin.merges import MergePanel, Merges
        from memberships.admin.timeline import SOURCES
        from memberships.admin.work_lists import WORK_LISTS
        from memberships.approvals import RefundPayment
        from memberships.books.gateways import GatewayList
        from memberships.books.payments import Payments
        from memberships.books.points import Entries, Issues, Lots, Wallets
        from memberships.books.profit import ProfitRows
        from memberships.books.terms import Terms
        from memberships.books.tiers import Changes, Standings
        from memberships.bulk import ACTIONS
        from memberships.closing import MembershipPart
        from memberships.closing_approvals import CloseAccount
        from memberships.demo.care import CaseNotes as DemoCaseNotes
        from memberships.demo.merges import MergedRecords
        from memberships.importers import (
            AdjustmentImporter,
            EnterpriseCustomerImporter,
            OrderImporter,
            PersonImporter,
        )
        from memberships.jobs.erasure import EraseFiles
        from memberships.jobs.lapses import EnterGraceAndLapse
        from memberships.jobs.payments import ResolveUnknownPayments, RetryPayments
        from memberships.jobs.points import ExpirePoints, MeasureLiability, PostPendingPoints
        from memberships.jobs.profit import RollUpProfit
        from memberships.jobs.renewals import RenewSubscriptions
        from memberships.jobs.revisions import ApplyProgrammeRevisions, MoveCards
        from memberships.jobs.tiers import EvaluateTiers, ForeseeDowngrades
        from memberships.jobs.what_ifs import CountWhatIfs
        from memberships.merge_approvals import MergeRecords, UndoMerge
        from memberships.merging import MembershipMergePart
        from memberships.notices import notice_kinds
        from memberships.points_approvals import ExtendPoints, ReinstatePoints, ReversePoints
        from memberships.profit_sources import PROFIT_SOURCES
        from memberships.programme_files import SECTIONS
        from memberships.programme_files.approval import ApplyProgrammeRevision
        from memberships.roles import give_rights
        from memberships.rollups import ROLL_UPS
        from memberships.tier_approvals import SetTier
        from operations import registry

        for bulk_action in ACTIONS:
            registry.bulk_actions.register(bulk_action())
        for importer in (EnterpriseCustomerImporter, PersonImporter, OrderImporter, AdjustmentImporter):
            registry.importers.register(importer())
        # In the order of a night.
        for job in (
            ApplyProgrammeRevisions, MoveCards, ResolveUnknownPayments, RenewSubscriptions, RetryPayments,
            EnterGraceAndLapse, PostPendingPoints, ExpirePoints, MeasureLiability, EvaluateTiers, ForeseeDowngrades,
            CountWhatIfs, RollUpProfit, EraseFiles,
        ):
            registry.jobs.register(job())
        for check in (Wallets, Lots, Entries, Issues, Terms, Payments, Standings, Changes, ProfitRows):
            registry.book_checks.register(check())
        for gateway in settings.GATEWAYS:
            registry.book_checks.register(GatewayList(gateway))
        for action in (
            RefundPayment, ExtendPoints, ReinstatePoints, ReversePoints, AdjustPoints, ApplyProgrammeRevision, SetTier,
            CloseAccount, MergeRecords, UndoMerge,
        ):
            registry.approval_actions.register(action())
        for roll_up in ROLL_UPS:
            registry.roll_ups.register(roll_up())
        for panel in PANELS:
            registry.dashboard_panels.register(panel())
        for work_list in WORK_LISTS:
            registry.work_lists.register(work_list)
        for source in SOURCES:
            registry.timeline_sources.register(source())
        registry.member_panels.register(CaseNotesPanel())
        registry.member_panels.register(ClosurePanel())
        registry.closing_parts.register(MembershipPart())
        registry.member_panels.register(MergePanel())
        registry.merge_parts.register(MembershipMergePart())
        registry.timeline_sources.register(Merges())
        registry.demo_parts.register(DemoCaseNotes())
        registry.demo_parts.register(MergedRecords())
        registry.timeline_sources.register(CaseNotes())
        for finder in FINDERS:
            registry.finders.register(finder())
        for kind in notice_kinds():
            registry.notices.register(kind)
        for section in SECTIONS:
            registry.programme_sections.register(section())
        for profit_source in PROFIT_SOURCES:
            registry.profit_sources.register(profit_source())
        give_rights()

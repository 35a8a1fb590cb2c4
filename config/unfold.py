"""How the desk looks: name, menu, colours, languages. Settings take this in as UNFOLD."""

from collections.abc import Callable
from functools import cache
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse
from django.utils.functional import lazy
from django.utils.translation import gettext_lazy as _

#: `reverse_lazy` that finds an address once: the menu is made for every page, of fifty items whose addresses stay.
reverse_once = lazy(cache(reverse), str)


def environment(request: HttpRequest) -> tuple[Any, str]:
    """The badge that tells production from a demo."""
    return (_("Production"), "danger") if settings.IS_PRODUCTION else (_("Demo"), "info")


def may_open(model: str) -> Callable[[HttpRequest], bool]:
    """Whether a menu item leads anywhere for the user: its admin knows."""

    def is_open(request: HttpRequest) -> bool:
        # Settings import this module, before there are models and admins.
        from django.apps import apps
        from django.contrib import admin

        model_admin = admin.site._registry.get(apps.get_model(model))
        return model_admin is not None and model_admin.has_view_or_change_permission(request)

    return is_open


def _item(title: Any, icon: str, model: str) -> dict[str, Any]:
    return _entry(title, icon, reverse_once(f"admin:{model.replace('.', '_')}_changelist"), may_open(model))


def _entry(title: Any, icon: str, link: Any, permission: Any) -> dict[str, Any]:
    """With what templates ask for in vain otherwise, which takes them longer than the rest of an entry."""
    return {"title": title, "icon": icon, "link": link, "permission": permission, "badge": "", "link_callback": None}


def _page(title: Any, icon: str, model: str, page: str) -> dict[str, Any]:
    """A page of a list that is not the list itself."""
    address = reverse_once(f"admin:{model.replace('.', '_')}_{page}")
    return _entry(title, icon, address, may_open(model))


def _page_for(right: str, title: Any, icon: str, model: str, page: str) -> dict[str, Any]:
    """The same, for those only who have a right of its own."""
    return {**_page(title, icon, model, page), "permission": lambda request: request.user.has_perm(right)}


def _list(title: Any, icon: str, model: str, page: str) -> dict[str, Any]:
    """A list one page of which has an item of its own, and is not this one, though its address begins alike."""
    item = _item(title, icon, model)
    other = reverse_once(f"admin:{model.replace('.', '_')}_{page}")

    def is_active(request: HttpRequest) -> bool:
        return request.path.startswith(str(item["link"])) and request.path != str(other)

    return {**item, "active": is_active}


#: A card, as small as can be: nothing is fetched, and no browser asks for /favicon.ico.
FAVICON = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E"
    "%3Crect y='3' width='16' height='11' rx='2' fill='%23c1121f'/%3E"
    "%3Crect y='6' width='16' height='2' fill='white'/%3E%3C/svg%3E"
)

UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "Plusdesk",
    "SITE_HEADER": "Plusdesk",
    "SITE_SUBHEADER": _("Membership back office"),
    "SITE_SYMBOL": "card_membership",
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": lambda _request: FAVICON}],
    "SITE_URL": reverse_once("admin:index"),
    "SHOW_HISTORY": True,
    "SHOW_VIEW_ON_SITE": False,
    "SHOW_LANGUAGES": True,
    "ENVIRONMENT": "config.unfold.environment",
    "DASHBOARD_CALLBACK": "operations.admin.dashboard.dashboard",
    "STYLES": [lambda _request: static("operations/frame.css")],
    "SCRIPTS": [
        lambda _request: static("operations/session.js"), lambda _request: static("operations/keyboard.js")
    ],
    "ACCOUNT": {
        "navigation": [
            {"title": _("Change password"), "link": reverse_once("admin:password_change")},
            {"title": _("Your second factor"), "link": reverse_once("admin:second_factor")},
        ],
    },
    "COMMAND": {
        # Pages only: what is typed here goes into an address, where no record is to be looked for.
        "search_models": False,
        "show_history": False,
    },
    "COLORS": {
        # Blue: red means "wrong", "overdue" or "gone for good" on these pages, and nothing else.
        "primary": {
            "50": "oklch(97% .014 254.604)",
            "100": "oklch(93.2% .032 255.585)",
            "200": "oklch(88.2% .059 254.128)",
            "300": "oklch(80.9% .105 251.813)",
            "400": "oklch(70.7% .165 254.624)",
            "500": "oklch(62.3% .214 259.815)",
            "600": "oklch(54.6% .245 262.881)",
            "700": "oklch(48.8% .243 264.376)",
            "800": "oklch(42.4% .199 265.638)",
            "900": "oklch(37.9% .146 265.522)",
            "950": "oklch(28.2% .091 267.935)",
        },
    },
    "SIDEBAR": {
        "show_search": True,
        "command_search": True,
        "show_all_applications": False,
        "navigation": [
            {
                "title": _("Members"),
                "items": [
                    _item(_("Members"), "group", "memberships.member"),
                    _item(_("Enterprise customers"), "domain", "memberships.enterprisecustomer"),
                    _item(_("Subscriptions"), "card_membership", "memberships.subscription"),
                    _item(_("Case notes"), "sticky_note_2", "memberships.casenote"),
                    _item(_("Kinds of case notes"), "label", "memberships.casenotekind"),
                    _item(_("Closed accounts"), "person_off", "memberships.accountclosure"),
                    _item(_("Merged records"), "merge", "memberships.membermerge"),
                ],
            },
            {
                "title": _("Credit"),
                "separator": True,
                "collapsible": False,
                "items": [
                    _list(_("Credit lines"), "credit_card", "credit.creditline", "order_test"),
                    _item(_("Credit requests"), "credit_score", "memberships.creditrequest"),
                    _page(_("Would this order pass?"), "rule", "credit.creditline", "order_test"),
                    _list(_("Invoices"), "receipt", "credit.invoice", "ageing"),
                    _list(_("Receipts"), "payments", "credit.receipt", "work"),
                    _page(_("Receipts to be matched"), "checklist", "credit.receipt", "work"),
                    _page(_("Ageing"), "hourglass_bottom", "credit.invoice", "ageing"),
                    _item(_("Authorisations"), "lock_clock", "credit.authorisation"),
                    _item(_("Credit entries"), "receipt_long", "credit.creditentry"),
                    _item(_("Confirmations of balance"), "fact_check", "credit.balanceconfirmation"),
                    _item(_("Credit policies"), "gavel", "credit.creditpolicy"),
                    _item(_("Holiday calendar"), "event", "credit.holiday"),
                ],
            },
            {
                "title": _("Money and points"),
                "separator": True,
                "collapsible": False,
                "items": [
                    _item(_("Payments"), "payments", "memberships.payment"),
                    _item(_("Payment methods"), "account_balance_wallet", "memberships.paymentmethod"),
                    _item(_("Points wallets"), "loyalty", "memberships.enrolment"),
                    _item(_("Tiers of members"), "military_tech", "memberships.tierstanding"),
                    _item(_("Changes of tier"), "swap_vert", "memberships.tierchange"),
                    _item(_("Points entries"), "receipt_long", "memberships.pointsentry"),
                    _item(_("Points liabilities"), "account_balance", "memberships.pointsliability"),
                    _item(_("Orders"), "receipt_long", "memberships.order"),
                ],
            },
            {
                "title": _("Programmes"),
                "separator": True,
                "collapsible": False,
                "items": [
                    _item(_("Programmes"), "workspace_premium", "memberships.programme"),
                    _page(_("Does it pay"), "monitoring", "memberships.profitrow", "first"),
                    _item(_("Programme files"), "edit_document", "memberships.programmerevision"),
                    _item(_("Plans"), "sell", "memberships.plan"),
                    _item(_("Tiers"), "stairs", "memberships.tier"),
                    _item(_("Ladders"), "leaderboard", "memberships.tiergroup"),
                    _item(_("Reasons of adjustments"), "edit_note", "memberships.adjustmentreason"),
                ],
            },
            {
                "title": _("Benefits"),
                "separator": True,
                "collapsible": False,
                "items": [
                    _item(_("Benefits"), "redeem", "benefits.benefit"),
                    _item(_("Redemptions"), "task_alt", "benefits.redemption"),
                    _item(_("Grants"), "confirmation_number", "benefits.grant"),
                    _item(_("Choice groups"), "checklist", "benefits.choicegroup"),
                    _item(_("Choices"), "how_to_vote", "benefits.choice"),
                    _item(_("Campaigns"), "campaign", "benefits.campaign"),
                    _item(_("Brands"), "storefront", "benefits.brand"),
                    _item(_("Budgets"), "savings", "benefits.budget"),
                    _item(_("Pricing policies"), "calculate", "benefits.pricingpolicy"),
                    _item(_("Value statements"), "query_stats", "benefits.valuestatement"),
                ],
            },
            {
                "title": _("Partners"),
                "separator": True,
                "collapsible": False,
                "items": [
                    _item(_("Partners"), "handshake", "partners.partner"),
                    _item(_("Fulfilments"), "local_shipping", "partners.fulfilment"),
                    _item(_("Work by hand"), "checklist", "partners.command"),
                    _item(_("Voucher codes"), "confirmation_number", "partners.vouchercode"),
                    _item(_("Daily files"), "description", "partners.dailyfile"),
                    _item(_("Dead letters"), "mark_email_unread", "partners.deadletter"),
                    _item(_("Events from partners"), "move_to_inbox", "partners.inboundevent"),
                    _item(_("Status matches"), "compare_arrows", "partners.statusmatch"),
                    _item(_("Statements"), "request_quote", "partners.partnerstatement"),
                    _item(_("Differences"), "difference", "partners.statementline"),
                    _item(_("Settlements"), "account_balance", "partners.settlement"),
                ],
            },
            {
                "title": _("Operations"),
                "separator": True,
                "collapsible": False,
                "items": [
                    _item(_("Approvals"), "how_to_reg", "operations.approval"),
                    _item(_("Imports"), "upload_file", "operations.importbatch"),
                    _item(_("Job runs"), "schedule", "operations.jobrun"),
                    _item(_("Notices"), "campaign", "operations.notice"),
                    _item(_("Outgoing messages"), "outbox", "operations.outboxmessage"),
                    _page_for("operations.search_trail", _("Audit trail"), "policy", "operations.trailexport", "trail"),
                    _item(_("Digests of the trail"), "fingerprint", "operations.auditdigest"),
                    _item(_("Reveals of personal data"), "visibility", "operations.reveal"),
                    _item(_("Exports of personal data"), "file_save", "operations.personalexport"),
                    _item(_("Exports of lists"), "download", "operations.listexport"),
                    _item(_("Bulk actions"), "checklist", "operations.bulkchange"),
                    _item(_("Limits of approval"), "price_check", "operations.approvallimit"),
                    _item(_("API clients"), "api", "operations.apiclient"),
                    _item(_("Users"), "person", "operations.user"),
                    _item(_("Failed sign-ins"), "lock_person", "operations.signinlock"),
                    _item(_("Groups"), "groups", "auth.group"),
                ],
            },
        ],
    },
}

"""Every list of the desk has its number of questions, which does not grow with its rows; none counts or skips rows.

The lists of memberships are looked at again with many rows in tests/memberships/test_admin_query_counts.py.
"""

from typing import Any
from unittest.mock import patch

import pytest
from django.contrib import admin
from django.contrib.contenttypes.models import ContentType
from django.core.cache import cache
from django.db import connection
from django.db.models import Model
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from memberships.admin.display import today
from tests.config.full_desk import furnish
from tests.memberships.admin_pages import a_superuser, counts_or_skips, signed_in

pytestmark = pytest.mark.django_db


#: Questions of each list beyond session and user, when it is shown whole. More of them is a finding.
BASELINES = {
    "operations.ApiClient": 3, "operations.ApprovalLimit": 3, "operations.Approval": 8, "operations.Reveal": 3,
    "operations.PersonalExport": 3, "operations.BulkChange": 3, "operations.AuditDigest": 3,
    "operations.ImportBatch": 3, "operations.JobRun": 3, "operations.ListExport": 3, "operations.OutboxMessage": 4,
    "operations.Notice": 3, "operations.TrailExport": 3, "operations.SignInLock": 3, "operations.User": 1,
    "auth.Group": 3, "memberships.AdjustmentReason": 3, "memberships.CaseNote": 7, "memberships.CaseNoteKind": 3,
    "memberships.AccountClosure": 3, "memberships.MemberContact": 3, "memberships.EnterpriseCustomer": 7,
    "memberships.PointsLiability": 3, "memberships.Member": 5, "memberships.MemberMerge": 3, "memberships.Order": 2,
    "memberships.PaymentMethod": 3, "memberships.Payment": 7, "memberships.Enrolment": 5,
    "memberships.PointsEntry": 3, "memberships.ProfitRow": 4, "memberships.Programme": 3, "memberships.Plan": 3,
    "memberships.ProgrammeRevision": 2, "memberships.Subscription": 15, "memberships.Term": 3,
    "memberships.TierGroup": 3, "memberships.Tier": 3, "memberships.TierStanding": 4, "memberships.TierChange": 3,
    "credit.CreditEntry": 3, "credit.CreditNote": 3, "credit.OverdueChange": 3, "credit.CreditDecision": 3,
    "credit.Authorisation": 3, "credit.BalanceConfirmation": 3, "credit.BlockingExclusion": 3,
    "credit.TemporaryIncrease": 3, "credit.OverduePause": 3, "credit.Invoice": 5, "credit.CreditLine": 6,
    "credit.CreditPolicy": 4, "credit.Holiday": 5, "credit.Receipt": 5, "memberships.CreditRequest": 4,
    "benefits.Benefit": 4, "benefits.BenefitRule": 5, "benefits.Brand": 3, "benefits.Budget": 4,
    "benefits.CampaignFigure": 4, "benefits.Campaign": 4, "benefits.ChoiceGroup": 4, "benefits.Choice": 3,
    "benefits.Grant": 4, "benefits.PricingPolicy": 4, "benefits.Redemption": 4, "benefits.MemberSegment": 3,
    "benefits.ValueStatement": 4, "partners.PartnerContact": 3, "partners.DeadLetter": 4, "partners.InboundEvent": 5,
    "partners.RefusedCalls": 2, "partners.DailyFile": 4, "partners.Fulfilment": 6, "partners.PartnerKey": 4,
    "partners.Offer": 4, "partners.Partner": 3, "partners.Settlement": 4, "partners.StatementLine": 3,
    "partners.PartnerStatement": 3, "partners.StatusMatchRule": 4, "partners.RegistrationGift": 3,
    "partners.StatusMatch": 3, "partners.VoucherCode": 4, "partners.Command": 4,
}  # fmt: skip
#: Where more rows follow: how many there are.
ESTIMATE = 2


def asked(desk: Client, model: type[Model], rows: int) -> tuple[list[str], int]:
    """What the list of a model asks beyond session and user, showing so many rows; how many those are."""
    ContentType.objects.clear_cache()
    cache.clear()
    url = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    model_admin: Any = admin.site._registry[model]
    with patch.object(type(model_admin), "list_per_page", rows), CaptureQueriesContext(connection) as queries:
        answer = desk.get(url, follow=True)
    assert answer.status_code == 200, url
    statements = [each["sql"] for each in queries]
    mine = [sql for sql in statements if "django_session" not in sql and 'FROM "operations_user"' not in sql]
    return mine, len(answer.context["cl"].result_list)


def test_every_list_has_a_baseline() -> None:
    assert set(BASELINES) == {model._meta.label for model in admin.site._registry}


def test_no_list_asks_more_than_its_baseline_nor_more_for_more_rows() -> None:
    actor = a_superuser()
    furnish(actor, on=today())
    desk, whole, growing = signed_in(actor), {}, {}
    for model in admin.site._registry:
        statements, rows = asked(desk, model, 50)
        whole[model._meta.label] = len(statements)
        assert counts_or_skips([{"sql": sql} for sql in statements]) == [], model
        if rows > 2:
            one, most = (len(asked(desk, model, size)[0]) for size in (1, rows - 1))
            growing[model._meta.label] = (one, most)
    assert whole == BASELINES
    assert len(growing) >= 25
    expected = {label: (BASELINES[label] + ESTIMATE,) * 2 for label in growing}
    # Holidays are so many that the whole list is not shown either.
    expected["credit.Holiday"] = (BASELINES["credit.Holiday"],) * 2
    assert growing == expected

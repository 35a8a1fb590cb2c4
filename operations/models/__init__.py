"""Facts and constraints of the ground floor."""

from operations.models.api_clients import ApiClient
from operations.models.approvals import Approval, ApprovalLimit
from operations.models.audit import AuditEvent, Reveal, TrailExport
from operations.models.books import BookDifference
from operations.models.bulk_changes import BulkChange, BulkRow
from operations.models.digests import AuditDigest, AuditDigestPart
from operations.models.imports import ImportBatch, ImportRow, StagedRow
from operations.models.jobs import JobChunk, JobRun, RunItem
from operations.models.list_exports import ListExport
from operations.models.notices import Notice, NoticeRule
from operations.models.outbox import OutboxMessage
from operations.models.personal_exports import PersonalExport
from operations.models.rollups import Rollup
from operations.models.saved_filters import SavedFilter
from operations.models.second_factor import RecoveryCode, SecondFactor
from operations.models.sign_in import SignInLock
from operations.models.users import GroupName, GroupRight, User, UserGroup, UserRight

__all__ = [
    "ApiClient",
    "Approval",
    "ApprovalLimit",
    "AuditDigest",
    "AuditDigestPart",
    "AuditEvent",
    "BookDifference",
    "BulkChange",
    "BulkRow",
    "GroupName",
    "GroupRight",
    "ImportBatch",
    "ImportRow",
    "JobChunk",
    "JobRun",
    "ListExport",
    "Notice",
    "NoticeRule",
    "OutboxMessage",
    "PersonalExport",
    "RecoveryCode",
    "Reveal",
    "Rollup",
    "RunItem",
    "SavedFilter",
    "SecondFactor",
    "SignInLock",
    "StagedRow",
    "TrailExport",
    "User",
    "UserGroup",
    "UserRight",
]

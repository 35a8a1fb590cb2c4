"""Facts and constraints of the ground floor."""

from operations.models.api_clients import ApiClient
from operations.models.approvals import Approval, ApprovalLimit
from operations.models.audit import AuditEvent, Reveal
from operations.models.books import BookDifference
from operations.models.imports import ImportBatch, ImportRow, StagedRow
from operations.models.jobs import JobChunk, JobRun, RunItem
from operations.models.notices import Notice
from operations.models.outbox import OutboxMessage
from operations.models.users import GroupName, GroupRight, User, UserGroup, UserRight

__all__ = [
    "ApiClient",
    "Approval",
    "ApprovalLimit",
    "AuditEvent",
    "BookDifference",
    "GroupName",
    "GroupRight",
    "ImportBatch",
    "ImportRow",
    "JobChunk",
    "JobRun",
    "Notice",
    "OutboxMessage",
    "Reveal",
    "RunItem",
    "StagedRow",
    "User",
    "UserGroup",
    "UserRight",
]

"""The rows that analytics keeps. Plain data: no transaction opens here and nothing is computed."""

from analytics.models.alert import Alert, AlertTarget, MetricSetting
from analytics.models.base import BaseAnalyticsModel
from analytics.models.board import Annotation, Dashboard, DashboardTile, SavedReport
from analytics.models.cohort import Cohort, CohortMember
from analytics.models.cursor import WorkCursor
from analytics.models.dataset import Dataset
from analytics.models.event import UserEvent
from analytics.models.forwarding import ForwardedDay, ForwardedMinute
from analytics.models.ingestion import IngestKey, LedgerEntry, Receipt, RejectedEvent
from analytics.models.insight import AIInsight
from analytics.models.metric import BusinessMetric
from analytics.models.outbox import DeliveryAttempt, OutboxMessage, SinkState
from analytics.models.person import MergeLog, Person, PersonDistinctId, PersonGroup
from analytics.models.prediction import PredictionModel
from analytics.models.profile import UserBehaviorProfile, UserPersona
from analytics.models.sharing import ShareLink, Subscription
from analytics.models.upkeep import ArchivedEvent, ErasedId, Erasure, EventChange

__all__ = [
    "AIInsight",
    "Alert",
    "AlertTarget",
    "Annotation",
    "ArchivedEvent",
    "BaseAnalyticsModel",
    "BusinessMetric",
    "Cohort",
    "CohortMember",
    "Dashboard",
    "DashboardTile",
    "Dataset",
    "DeliveryAttempt",
    "ErasedId",
    "Erasure",
    "EventChange",
    "ForwardedDay",
    "ForwardedMinute",
    "IngestKey",
    "LedgerEntry",
    "MergeLog",
    "MetricSetting",
    "OutboxMessage",
    "Person",
    "PersonDistinctId",
    "PersonGroup",
    "PredictionModel",
    "Receipt",
    "RejectedEvent",
    "SavedReport",
    "ShareLink",
    "SinkState",
    "Subscription",
    "UserBehaviorProfile",
    "UserEvent",
    "UserPersona",
    "WorkCursor",
]

"""The endpoints of sentiment, behaviour, predictions, anomalies, personas and insights.

Analysts may ask about everybody, a user about themself alone: to anybody else's number the answer is the same as to
one that nobody has.
"""

from __future__ import annotations

from collections.abc import Sequence

from analytics.ai_services.insights import generating
from analytics.api import intelligence_shapes as shapes
from analytics.api.auth import Caller, Permission
from analytics.api.operation import API, Operation
from analytics.errors import NotFound
from analytics.reports import insights as insights_report
from analytics.reports import intelligence as report
from analytics.reports import shared_answers


def _sentiment(
    _: Caller, __: None, body: shapes.SentimentAnalysisRequest
) -> shapes.SentimentAnalysisResponse:
    return shapes.SentimentAnalysisResponse(**report.sentiment_of(body.text))


def _behavior(caller: Caller, _: None, body: shapes.UserBehaviorRequest) -> shapes.UserBehaviorResponse:
    _check_own(caller, body.user_id)
    return shapes.UserBehaviorResponse(**shared_answers.get_user_behavior_cached(body.user_id, body.days))


def _attendance(caller: Caller, _: None, body: shapes.AttendanceRequest) -> shapes.AttendanceResponse:
    _check_own(caller, body.user_id)
    return shapes.AttendanceResponse(**report.attendance_of(body.user_id, body.event_id))


def _churn(caller: Caller, _: None, body: shapes.ChurnRequest) -> shapes.ScoreResponse:
    _check_own(caller, body.user_id)
    return shapes.ScoreResponse(**report.churn_of(body.user_id))


def _anomalies(_: Caller, __: None, body: shapes.AnomaliesRequest) -> shapes.AnomaliesResponse:
    found = report.anomalies_of(body.metric_name, body.days, body.method)
    return shapes.AnomaliesResponse(anomalies=[shapes.Anomaly(**anomaly) for anomaly in found])


def _cluster(_: Caller, __: None, body: shapes.ClusteringRequest) -> shapes.ClusteringResponse:
    return shapes.ClusteringResponse(**report.cluster(body.n_clusters))


def _models(_: Caller, __: None, ___: None) -> shapes.ModelsResponse:
    return shapes.ModelsResponse(models=[shapes.ModelCard(**card) for card in insights_report.list_models()])


def _post_insights(caller: Caller, _: None, body: shapes.InsightsRequest) -> shapes.InsightResponse:
    return _listed(caller, body, body.insight_types)


def _get_insights(caller: Caller, query: shapes.InsightsQuery, _: None) -> shapes.InsightResponse:
    return _listed(caller, query, (query.insight_type,) if query.insight_type else ())


def _listed(
    caller: Caller, asked: shapes.InsightsPage, types: Sequence[shapes.InsightTypeName]
) -> shapes.InsightResponse:
    only_user = None if caller.is_analyst else caller.user.pk
    wanted = insights_report.Wanted(types, **asked.page(), only_user=only_user)
    return shapes.InsightResponse(**insights_report.list_insights(wanted))


def _generate(_: Caller, __: None, ___: None) -> shapes.GeneratedResponse:
    done = generating.generate()
    if done is None:
        return shapes.GeneratedResponse(insights_created=0, profiles=0, is_running=True)
    return shapes.GeneratedResponse(insights_created=done.insights, profiles=done.profiles, is_running=False)


def _judge(_: Caller, query: shapes.InsightKey, body: shapes.VerdictRequest) -> shapes.Insight:
    return shapes.Insight(**insights_report.judge(query.uuid, body.status, body.validation_notes))


def _check_own(caller: Caller, user_id: int) -> None:
    if caller.user.pk != user_id and not caller.is_analyst:
        raise NotFound("there is no such user")


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "analyze_sentiment", "POST", f"{API}/sentiment", Permission.USER, _sentiment,
        shapes.SentimentAnalysisResponse, "The sentiment of a text", body=shapes.SentimentAnalysisRequest,
    ),
    Operation(
        "analyze_user_behavior", "POST", f"{API}/user-behavior", Permission.USER, _behavior,
        shapes.UserBehaviorResponse, "What a user did, likes and may do", body=shapes.UserBehaviorRequest,
    ),
    Operation(
        "predict_attendance", "POST", f"{API}/predictions/attendance", Permission.USER, _attendance,
        shapes.AttendanceResponse, "Will a user come", body=shapes.AttendanceRequest,
    ),
    Operation(
        "predict_churn", "POST", f"{API}/predictions/churn", Permission.USER, _churn,
        shapes.ScoreResponse, "Will a user stay away", body=shapes.ChurnRequest,
    ),
    Operation(
        "detect_anomalies", "POST", f"{API}/anomalies", Permission.ANALYST, _anomalies,
        shapes.AnomaliesResponse, "Unusual values of a metric", body=shapes.AnomaliesRequest,
    ),
    Operation(
        "cluster_users", "POST", f"{API}/clustering", Permission.STAFF, _cluster,
        shapes.ClusteringResponse, "Find personas anew", body=shapes.ClusteringRequest,
    ),
    Operation(
        "list_models", "GET", f"{API}/models", Permission.ANALYST, _models,
        shapes.ModelsResponse, "How good the predictions are",
    ),
    Operation(
        "find_insights", "POST", f"{API}/insights", Permission.USER, _post_insights,
        shapes.InsightResponse, "Insights by type and priority", body=shapes.InsightsRequest,
    ),
    Operation(
        "list_insights", "GET", f"{API}/insights", Permission.USER, _get_insights,
        shapes.InsightResponse, "Insights, the newest first", query=shapes.InsightsQuery,
    ),
    Operation(
        "generate_insights", "POST", f"{API}/insights/generate", Permission.STAFF, _generate,
        shapes.GeneratedResponse, "Make profiles and insights now",
    ),
    Operation(
        "judge_insight", "PATCH", f"{API}/insights/{{uuid}}", Permission.STAFF, _judge,
        shapes.Insight, "Give a verdict on an insight", query=shapes.InsightKey, body=shapes.VerdictRequest,
    ),
)  # fmt: skip

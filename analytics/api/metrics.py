"""The endpoints of metrics and alerts."""

from __future__ import annotations

from dataclasses import asdict

from analytics.api import metrics_shapes as shapes
from analytics.api.auth import Caller, Permission
from analytics.api.operation import API, Operation
from analytics.reports import alerts as alerts_report
from analytics.reports import metrics as report


def _calculate(_: Caller, __: None, body: shapes.MetricsRequest) -> shapes.MetricsResponse:
    return shapes.MetricsResponse(**report.calculate(body.date, body.metric_types))


def _list(_: Caller, query: shapes.MetricsQuery, __: None) -> shapes.MetricsAnswer:
    found = report.list_metrics(query.metric_type)
    return shapes.MetricsAnswer(metrics=[shapes.MetricDefinition(**metric) for metric in found])


def _history(_: Caller, query: shapes.MetricQuery, __: None) -> shapes.MetricHistory:
    found = report.history_of(query.name, query.date_from, query.date_to, query.dimension)
    return shapes.MetricHistory(**found)


def _drivers(_: Caller, query: shapes.DriversQuery, __: None) -> shapes.DriversAnswer:
    found = report.explain(query.name, query.date_from, query.date_to)
    return shapes.DriversAnswer(**{**found, "proof": asdict(found["proof"])})


def _decide(_: Caller, query: shapes.MetricKey, body: shapes.MetricDecision) -> shapes.MetricDefinition:
    return shapes.MetricDefinition(**report.decide(query.name, report.Decision(body.named())))


def _alerts(_: Caller, query: shapes.AlertsQuery, __: None) -> shapes.AlertsAnswer:
    found = alerts_report.list_alerts(query.state, query.metric_name)
    return shapes.AlertsAnswer(alerts=[shapes.AlertAnswer(**alert) for alert in found])


def _handle(caller: Caller, query: shapes.AlertKey, body: shapes.AlertHandling) -> shapes.AlertAnswer:
    mute = (body.muted_until,) if "muted_until" in body.model_fields_set else None
    handled = alerts_report.handle_alert(
        query.uuid, caller.user, is_acknowledged=body.acknowledged, mute=mute
    )
    return shapes.AlertAnswer(**handled)


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "calculate_metrics", "POST", f"{API}/metrics/calculate", Permission.STAFF, _calculate,
        shapes.MetricsResponse, "Work the metrics of a day out now", body=shapes.MetricsRequest,
    ),
    Operation(
        "list_metrics", "GET", f"{API}/metrics", Permission.ANALYST, _list,
        shapes.MetricsAnswer, "All metrics with their newest value", query=shapes.MetricsQuery, has_etag=True,
    ),
    Operation(
        "get_metric", "GET", f"{API}/metrics/{{name}}", Permission.ANALYST, _history,
        shapes.MetricHistory, "A metric over time", query=shapes.MetricQuery, has_etag=True,
    ),
    Operation(
        "explain_metric", "GET", f"{API}/metrics/{{name}}/drivers", Permission.ANALYST, _drivers,
        shapes.DriversAnswer, "What a change is made of", query=shapes.DriversQuery, has_etag=True,
    ),
    Operation(
        "decide_metric", "PATCH", f"{API}/metrics/{{name}}", Permission.STAFF, _decide,
        shapes.MetricDefinition, "Set target, thresholds, owner or mute", query=shapes.MetricKey,
        body=shapes.MetricDecision,
    ),
    Operation(
        "list_alerts", "GET", f"{API}/alerts", Permission.ANALYST, _alerts,
        shapes.AlertsAnswer, "Alerts, open ones first", query=shapes.AlertsQuery, has_etag=True,
    ),
    Operation(
        "handle_alert", "PATCH", f"{API}/alerts/{{uuid}}", Permission.STAFF, _handle,
        shapes.AlertAnswer, "Acknowledge or mute an alert", query=shapes.AlertKey, body=shapes.AlertHandling,
    ),
)  # fmt: skip

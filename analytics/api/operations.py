"""Every endpoint of the API, once: path, who may call it, its shapes and its act. The permission table is this list.

FastAPI and Django REST build their routes from `OPERATIONS`; a test walks both and fails on a difference.
"""

from __future__ import annotations

from dataclasses import asdict

from analytics.api import (
    asking,
    auth,
    boards,
    datasets,
    exports,
    funnel_persons,
    health,
    intelligence,
    metrics,
    native,
    people,
    query,
    shapes,
)
from analytics.api.auth import Caller, Permission
from analytics.api.limits import Limit
from analytics.api.operation import API as _API
from analytics.api.operation import AUTH as _AUTH
from analytics.api.operation import Operation
from analytics.ingestion import merges
from analytics.reports import ingestion as ingestion_report
from analytics.reports import shared_answers

__all__ = ["OPERATIONS", "Operation"]


def _log_in(caller: Caller, _: None, body: shapes.TokenRequest) -> shapes.TokenPair:
    pair = auth.log_in(body.username, body.password, ip=caller.ip, user_agent=caller.user_agent)
    return shapes.TokenPair(**pair)


def _renew(_: Caller, __: None, body: shapes.RefreshRequest) -> shapes.TokenPair:
    return shapes.TokenPair(**auth.renew(body.refresh))


def _log_out(_: Caller, __: None, body: shapes.RefreshRequest) -> shapes.LogoutAnswer:
    auth.log_out(body.refresh)
    return shapes.LogoutAnswer(revoked=True)


def _track(caller: Caller, _: None, body: shapes.TrackRequest) -> shapes.TrackAnswer:
    return native.track(caller, body)


def _receipt(caller: Caller, query: shapes.ReceiptQuery, _: None) -> shapes.ReceiptAnswer:
    only_user = None if caller.is_staff or caller.user is None else caller.user.pk
    return shapes.ReceiptAnswer(**asdict(ingestion_report.receipt(query.uuid, only_user, caller.ingest_key)))


def _ledger(_: Caller, query: shapes.LedgerQuery, __: None) -> shapes.LedgerAnswer:
    return shapes.LedgerAnswer(**asdict(ingestion_report.ledger(query.date_from, query.date_to)))


def _overview(caller: Caller, query: shapes.OverviewQuery, _: None) -> shapes.AnalyticsOverviewResponse:
    if caller.is_analyst:
        return shapes.AnalyticsOverviewResponse(**shared_answers.get_analytics_overview_cached(query.days))
    return shapes.AnalyticsOverviewResponse(**shared_answers.get_own_overview_cached(query.days, caller.user))


def _merge(_: Caller, __: None, body: shapes.MergeRequest) -> shapes.MergeAnswer:
    preview = merges.merge(body.target, body.sources, dry_run=body.dry_run)
    return shapes.MergeAnswer(**asdict(preview))


def _undo(_: Caller, query: shapes.UndoQuery, __: None) -> shapes.UndoAnswer:
    log = merges.undo(query.merge_id)
    assert log.undone_at is not None
    return shapes.UndoAnswer(merge_id=log.pk, undone_at=log.undone_at)


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "log_in", "POST", f"{_AUTH}/token", Permission.PUBLIC, _log_in, shapes.TokenPair,
        "Log in with user name and password", body=shapes.TokenRequest, limit=Limit.LOGIN,
    ),
    Operation(
        "renew", "POST", f"{_AUTH}/token/refresh", Permission.PUBLIC, _renew, shapes.TokenPair,
        "Renew a pair of tokens", body=shapes.RefreshRequest, limit=Limit.LOGIN,
    ),
    Operation(
        "log_out", "POST", f"{_AUTH}/logout", Permission.PUBLIC, _log_out, shapes.LogoutAnswer,
        "Revoke a refresh token", body=shapes.RefreshRequest, limit=Limit.LOGIN,
    ),
    Operation(
        "track_event", "POST", f"{_API}/events/track", Permission.SENDER, _track,
        shapes.TrackAnswer, "Store one event", body=shapes.TrackRequest, limit=Limit.NONE,
    ),
    Operation(
        "get_receipt", "GET", f"{_API}/events/{{uuid}}/receipt", Permission.SENDER, _receipt,
        shapes.ReceiptAnswer, "What became of one event", query=shapes.ReceiptQuery,
    ),
    Operation(
        "get_ledger", "GET", f"{_API}/ingestion/ledger", Permission.STAFF, _ledger,
        shapes.LedgerAnswer, "What became of all received events", query=shapes.LedgerQuery,
    ),
    Operation(
        "get_overview", "GET", f"{_API}/overview", Permission.USER, _overview,
        shapes.AnalyticsOverviewResponse, "The last days at a glance", query=shapes.OverviewQuery,
    ),
    Operation(
        "merge_persons", "POST", f"{_API}/persons/merge", Permission.STAFF, _merge,
        shapes.MergeAnswer, "Join persons, or preview it", body=shapes.MergeRequest,
    ),
    Operation(
        "undo_merge", "POST", f"{_API}/merges/{{merge_id}}/undo", Permission.STAFF, _undo,
        shapes.UndoAnswer, "Take a merge back", query=shapes.UndoQuery,
    ),
    *intelligence.OPERATIONS,
    *metrics.OPERATIONS,
    *query.OPERATIONS,
    *funnel_persons.OPERATIONS,
    *asking.OPERATIONS,
    *boards.OPERATIONS,
    *people.OPERATIONS,
    *exports.OPERATIONS,
    *datasets.OPERATIONS,
    *health.OPERATIONS,
)  # fmt: skip

"""The SDK paths: which path speaks which dialect, how a batch is answered, and what keeps SDKs quiet.

Success is exactly 200, because Python's SDKs resend after 202 and 204. Overload is 503 with `Retry-After`, because
newer SDKs drop their events for good on 429. Error bodies carry `detail` (PostHog) and `code`, `message` (Segment), in
PostHog's v1 `error`, `error_description`, `error_uri`.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from analytics import clock
from analytics.api.errors import headers_of
from analytics.errors import AnalyticsError
from analytics.ingestion.accept import Accepted, refused
from analytics.ingestion.dialects.posthog_v1 import REQUEST_ID, is_request_id
from analytics.ingestion.event import Result
from analytics.models.choices import Outcome

POSTHOG_PATHS = (
    "batch", "e", "i/v0/e", "capture", "track", "engage", "s", "i/v0/ai/batch",
)  # fmt: skip
POSTHOG_V1_PATH = "i/v1/analytics/events"
SEGMENT_NAMES = (
    "batch", "b", "import", "t", "i", "p", "s", "g", "a",
    "track", "identify", "page", "screen", "group", "alias",
)  # fmt: skip
# The browser's SDK leaves out `/v1` where its host setting does; `/s` and `/track` are PostHog's there.
SEGMENT_PATHS = (*(f"v1/{name}" for name in SEGMENT_NAMES), "t", "i", "p", "g", "a", "b")
DIALECT_OF_PATH: dict[str, str] = {
    **dict.fromkeys(POSTHOG_PATHS, "posthog"),
    POSTHOG_V1_PATH: "posthog_v1",
    **dict.fromkeys(SEGMENT_PATHS, "segment"),
}
ERROR_URI = "/api/docs"  # PostHog's v1 wants an address with every error; this one is open to everybody here
CONFIG_PATHS = (
    "flags", "decide", "flags/definitions", "api/feature_flag/local_evaluation",
    "array/{token}/config", "array/{token}/config.js", "api/surveys", "api/web_experiments",
    "v1/projects/{token}/settings", "projects/{token}/settings", "m", "v1/m",
)  # fmt: skip


@dataclass(slots=True, frozen=True)
class Answer:
    """An HTTP answer, independent of the server that sends it."""

    status: int
    body: dict[str, Any] | str | None
    headers: dict[str, str] = field(default_factory=dict)
    content_type: str = "application/json"


def methods_of(dialect: str) -> tuple[str, ...]:
    """The methods that bring events: older SDKs also send them by GET."""
    return ("POST",) if dialect == "posthog_v1" else ("GET", "POST")


def wrong_method(dialect: str) -> Answer:
    """The answer to any other method."""
    allowed = {"Allow": ", ".join((*methods_of(dialect), "OPTIONS"))}
    return Answer(405, _error_body("use POST", "method_not_allowed", dialect), allowed)


def stored(accepted: Accepted, results: list[Result], dialect: str, *, is_beacon: bool) -> Answer:
    """The answer to a committed request; a lone event that was refused is the request's own fault."""
    if dialect == "posthog_v1":
        return Answer(200, {"results": _verdicts(accepted, results)})
    faults = refused(results)
    if accepted.is_single and faults and dialect == "posthog":
        fault = faults[0]
        return Answer(400, _error_body(str(fault["detail"]), str(fault["reason"]), dialect))
    if is_beacon:
        return Answer(204, None)
    body: dict[str, Any] = {"status": 1} if dialect == "posthog" else {"success": True}
    return Answer(200, {**body, "rejected": faults} if faults else body)


def _verdicts(accepted: Accepted, results: list[Result]) -> dict[str, dict[str, str]]:
    """By uuid, what became of each event, in the words of PostHog's v1: ok, warning or drop.

    Its fourth word, `retry`, is never said: a commit holds all events of a request or none, and none is 503.
    """
    warnings = {event.index: event.warnings for event in accepted.batch.events}
    verdicts: dict[str, dict[str, str]] = {}
    for index, (name, result) in enumerate(zip(accepted.names, results, strict=True)):
        if result.reason:
            verdict = {"result": "drop", "details": f"{result.reason}: {result.detail}"}
        elif warnings[index] and result.outcome == Outcome.STORED:
            verdict = {"result": "warning", "details": ", ".join(warnings[index])}
        else:
            verdict = {"result": "ok"}
        verdicts[name or str(result.uuid)] = verdict
    return verdicts


def failed(error: AnalyticsError, dialect: str) -> Answer:
    """The answer to a request of which nothing was stored."""
    return Answer(error.status, _error_body(error.detail, error.code, dialect), headers_of(error))


def _error_body(detail: str, code: str, dialect: str) -> dict[str, Any]:
    if dialect == "posthog_v1":
        return {"error": code, "error_description": detail, "error_uri": ERROR_URI}
    return {"detail": detail, "code": code, "message": detail}


def configuration(path: str, host: str, scheme: str) -> Answer:
    """What an SDK asks before it sends: remote config, empty flags, Segment's settings.

    `path` is without leading and trailing slash. Everything that this product does not do is switched off
    explicitly, since SDKs take some absences for "on".
    """
    parts = path.split("/")
    if parts[0] == "array":
        return _remote_config(token=parts[1], as_script=parts[2] == "config.js")
    if path in ("flags", "decide"):
        return Answer(200, {**_NO_FLAGS, "requestId": str(uuid.uuid4()), "evaluatedAt": _now_ms()})
    if path in ("flags/definitions", "api/feature_flag/local_evaluation"):
        return Answer(200, {"flags": [], "group_type_mapping": {}, "cohorts": {}})
    if path == "api/surveys":
        return Answer(200, {"surveys": []})
    if path == "api/web_experiments":
        return Answer(200, {"experiments": []})
    if parts[-1] == "settings":
        return _segment_settings(token=parts[-2], api_host=f"{host}/v1", scheme=scheme)
    return Answer(200, {"success": True})


def _now_ms() -> int:
    return int(clock.now().timestamp() * 1000)


# No "surveys" at all: posthog-js 1.449 loads its surveys script on any value but a missing one, even on false.
_REMOTE_CONFIG: dict[str, Any] = {
    "supportedCompression": ["gzip-js"],
    "hasFeatureFlags": False,
    "sessionRecording": False,
    "heatmaps": False,
    "capturePerformance": False,
    "autocaptureExceptions": False,
    "captureDeadClicks": False,
    "conversations": False,
    "productTours": False,
    "logs": False,
    "errorTracking": {"autocaptureExceptions": False, "suppressionRules": []},
    "siteApps": [],
    "toolbarParams": {},
    "isAuthenticated": False,
    "defaultIdentifiedOnly": True,
    "elementsChainAsString": True,
    "autocapture_opt_out": False,
}
_NO_FLAGS: dict[str, Any] = {
    "flags": {},
    "featureFlags": {},
    "featureFlagPayloads": {},
    "errorsWhileComputingFlags": False,
    **_REMOTE_CONFIG,
}


def _remote_config(*, token: str, as_script: bool) -> Answer:
    config = {"token": token, **_REMOTE_CONFIG}
    if not as_script:
        return Answer(200, config)
    # Without a script the SDK falls back to the JSON; an empty one keeps its console quiet.
    return Answer(200, "/* configuration is served as JSON */", {}, "application/javascript")


def _segment_settings(*, token: str, api_host: str, scheme: str) -> Answer:
    sink = {
        "apiKey": token,
        "apiHost": api_host,
        "protocol": scheme,
        "versionSettings": {"version": "4.4.7", "componentTypes": ["browser"]},
    }
    plan = {"track": {"__default": {"enabled": True, "integrations": {}}}}
    return Answer(200, {"integrations": {"Segment.io": sink}, "plan": plan, "edgeFunction": {}})


def request_headers_back(headers: Mapping[str, str]) -> dict[str, str]:
    """What an answer says to the headers of its request: whether a page may read it, and v1's request id."""
    request_id = headers.get(REQUEST_ID.lower(), "")
    told = {REQUEST_ID: request_id} if is_request_id(request_id) else {}
    return told | cors_headers(headers.get("origin", ""), headers.get("access-control-request-headers", ""))


def cors_headers(origin: str, requested_headers: str) -> dict[str, str]:
    """Any page may send events; none may read anything, and no cookie is taken."""
    if not origin:
        return {}
    headers = {"Access-Control-Allow-Origin": "*"}
    if requested_headers:
        headers |= {
            "Access-Control-Allow-Headers": requested_headers,
            "Access-Control-Allow-Methods": "GET, POST, OPTIONS",
            "Access-Control-Max-Age": "86400",
        }
    return headers

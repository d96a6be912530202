"""The description of the API (OpenAPI 3.1), made of the operations; both servers hand out the same one."""

from __future__ import annotations

from functools import cache
from typing import Any

from fastapi.openapi.utils import get_openapi

from analytics import __version__
from analytics.api.auth import Permission
from analytics.api.descriptions import ERRORS, described
from analytics.api.fast.routes import router
from analytics.api.limits import Limit
from analytics.api.operations import OPERATIONS, Operation

_ABOUT = """\
Product analytics inside a Django project: every event has a receipt, every number shows its proof.

**Who may ask.** People send an access token (`POST /api/auth/token`), programs that only send events an ingest key.
A *user* sees what is their own, an *analyst* (group `analyst`) all analyses, *staff* everything.

**Errors** are `{"detail": "...", "code": "snake_case"}`: a sentence for people, a code for programs.

**Limits.** Reading answers tell what is left of the minute in `RateLimit-Limit`, `RateLimit-Remaining` and
`RateLimit-Reset`; 429 comes with `Retry-After`. Paths that take events never answer 429 but 503.
"""
_TAGS = {
    "auth": "Log in, renew, log out",
    "events": "Store one event, and what became of it",
    "ingestion": "The account of all received events",
    "query": "Analyses, each with its proof",
    "ask": "Questions in words",
    "reports": "Questions that were saved",
    "boards": "Dashboards of saved reports",
    "annotations": "What happened on which day",
    "overview": "The last days at a glance",
    "persons": "Persons: list, look, merge, erase",
    "merges": "Taking merges back",
    "cohorts": "Named sets of persons",
    "properties": "Properties and their values, for pickers",
    "insights": "Claims with evidence, and verdicts on them",
    "sentiment": "The sentiment of a text",
    "user-behavior": "What a user did, likes and may do",
    "predictions": "Attendance and churn",
    "metrics": "Values of metrics, their history and what a change is made of",
    "alerts": "Metrics beyond their thresholds",
    "anomalies": "Unusual values of metrics",
    "clustering": "Personas",
    "models": "How good the predictions are",
    "export": "Events as files",
    "datasets": "Files of events to import",
    "health": "Whether everything answers",
    "debug": "What somebody who looks for a fault asks first",
}
_SCHEMES = {
    "accessToken": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "`access` of `POST /api/auth/token`; it lives ten minutes",
    },
    "ingestKey": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "lk_...",
        "description": "A write-only key of an application that sends events",
    },
}
_LIMIT_HEADERS = {
    "RateLimit-Limit": "Requests of this caller that a minute allows",
    "RateLimit-Remaining": "How many of them are left",
    "RateLimit-Reset": "Seconds until the minute is over",
}


@cache
def document() -> dict[str, Any]:
    """The whole description."""
    found = get_openapi(
        title="Loopin Analytics",
        version=__version__,
        summary="Events in, answers out",
        description=_ABOUT,
        routes=router().routes,
        tags=[{"name": name, "description": text} for name, text in _TAGS.items()],
        license_info={"name": "MIT", "identifier": "MIT"},
    )
    found["components"]["securitySchemes"] = _SCHEMES
    for operation in OPERATIONS:
        _describe(found["paths"][operation.path][operation.method.lower()], operation)
    return found


def _describe(place: dict[str, Any], operation: Operation) -> None:
    about = described(operation)
    place["description"] = about.text
    place["security"] = _security(operation.permission)
    place["x-permission"] = operation.permission.value
    content = place.get("requestBody", {}).get("content", {})
    if about.body is not None and "application/json" in content:
        content["application/json"]["example"] = about.body
    answer = place["responses"].get("200", {})
    if about.answer is not None:
        answer["content"]["application/json"]["example"] = about.answer
    if operation.limit is not Limit.NONE:
        answer["headers"] = {
            name: {"description": text, "schema": {"type": "integer"}}
            for name, text in _LIMIT_HEADERS.items()
        }
    for status, error in ERRORS.items():
        told = place["responses"].get(str(status))
        if told is not None and not (status == 503 and operation.status_of is not None):
            told["description"], told["content"]["application/json"]["example"] = error


def _security(permission: Permission) -> list[dict[str, list[str]]]:
    if permission is Permission.PUBLIC:
        return []
    if permission is Permission.SENDER:
        return [{"accessToken": []}, {"ingestKey": []}]
    return [{"accessToken": []}]

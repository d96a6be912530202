"""How an error looks on the wire: `{"detail", "code"}` with its status, never an internal message."""

from __future__ import annotations

from typing import Any

from analytics.errors import AnalyticsError, TooMany, Unavailable

INTERNAL = {"detail": "an internal error happened; it has been logged", "code": "internal_error"}


def body_of(error: AnalyticsError) -> dict[str, Any]:
    """The JSON body of an error's answer."""
    return {"detail": error.detail, "code": error.code}


def headers_of(error: AnalyticsError) -> dict[str, str]:
    """Headers of an error's answer: when to come back, how to authenticate."""
    if isinstance(error, Unavailable | TooMany):
        return {"Retry-After": str(error.retry_after_s)}
    return {"WWW-Authenticate": "Bearer"} if error.status == 401 else {}


def body_of_validation(problems: list[Any]) -> dict[str, Any]:
    """One readable line for a body or query that does not fit its shape.

    Example:
        >>> body_of_validation([{"loc": ("query", "days"), "msg": "Input should be less than 31"}])["detail"]
        'days: Input should be less than 31'
    """
    lines = []
    for problem in problems:
        place = ".".join(str(part) for part in problem["loc"] if part not in ("query", "body"))
        lines.append(f"{place}: {problem['msg']}" if place else str(problem["msg"]))
    return {"detail": "; ".join(lines), "code": "invalid_input"}

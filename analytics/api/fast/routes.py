"""Each operation as a FastAPI route; the act, its shapes and its permission come from `OPERATIONS`."""

from __future__ import annotations

import asyncio
import inspect
import threading
from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from django.conf import settings
from django.db import close_old_connections
from fastapi import APIRouter, Body, Path, Query, Request
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool

from analytics import conf
from analytics.api.auth import Caller, check, identify
from analytics.api.operations import OPERATIONS, Operation
from analytics.ingestion.visitor import client_ip
from analytics.reports.cancellation import cancelled_by


class ErrorAnswer(BaseModel):
    """Every error: a sentence for people and a code for programs."""

    detail: str
    code: str


#: How often a request is asked whether its client is still there.
_WATCH_EVERY_S = 0.25

_STATUSES = (400, 401, 403, 404, 409, 413, 422, 503)
_ERRORS: dict[int | str, dict[str, Any]] = {status: {"model": ErrorAnswer} for status in _STATUSES}


def router() -> APIRouter:
    """The router with every operation."""
    made = APIRouter()
    for operation in OPERATIONS:
        made.add_api_route(
            operation.path,
            _endpoint(operation),
            methods=[operation.method],
            response_model=operation.answer,
            summary=operation.summary,
            operation_id=operation.name,
            responses=_ERRORS,
            max_body_size=settings.DATA_UPLOAD_MAX_MEMORY_SIZE,  # as under WSGI; batches go to the SDK paths
            tags=[operation.path.split("/")[3 if "/analytics/" in operation.path else 2]],
        )
    return made


def _endpoint(operation: Operation) -> Callable[..., Awaitable[BaseModel]]:
    """An endpoint with the signature that FastAPI documents; the act runs in a worker thread.

    A query whose client has gone is called off.
    """

    async def endpoint(request: Request, **given: Any) -> BaseModel:
        gone = threading.Event()
        watch = asyncio.create_task(_watch(request, gone))
        try:
            return await run_in_threadpool(_act, operation, request, given, gone)
        finally:
            watch.cancel()

    endpoint.__name__ = operation.name
    endpoint.__doc__ = operation.summary
    endpoint.__signature__ = _signature(operation)  # type: ignore[attr-defined]  # what FastAPI reads
    return endpoint


def _act(operation: Operation, request: Request, given: dict[str, Any], gone: threading.Event) -> BaseModel:
    close_old_connections()
    try:
        body = given.pop("body", None)
        caller = caller_of(request)
        check(operation.permission, caller)
        query = operation.query.model_validate(given) if operation.query else None
        with cancelled_by(gone.is_set):
            return operation.act(caller, query, body)
    finally:
        close_old_connections()


async def _watch(request: Request, gone: threading.Event) -> None:
    while not await request.is_disconnected():
        await asyncio.sleep(_WATCH_EVERY_S)
    gone.set()


def _signature(operation: Operation) -> inspect.Signature:
    named = inspect.Parameter.KEYWORD_ONLY
    parameters = [inspect.Parameter("request", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=Request)]
    for name, field in (operation.query.model_fields if operation.query else {}).items():
        place: Any = Path() if f"{{{name}}}" in operation.path else Query()
        annotation = _annotated(field.annotation, *field.metadata, place)
        default = inspect.Parameter.empty if field.is_required() else field.default
        parameters.append(inspect.Parameter(name, named, annotation=annotation, default=default))
    if operation.body is not None:
        annotation = _annotated(operation.body, Body())
        parameters.append(inspect.Parameter("body", named, annotation=annotation))
    return inspect.Signature(parameters)


def _annotated(*parts: Any) -> Any:
    """`Annotated[...]` of parts known only at run time."""
    return Annotated[parts]


def caller_of(request: Request) -> Caller:
    """Who calls, by the Authorization header.

    **Errors**: `NotAuthenticated` for a credential that does not hold.
    """
    user, label = identify(request.headers.get("authorization", ""))
    return Caller(user, label, ip_of(request), request.headers.get("user-agent", ""))


def ip_of(request: Request) -> str:
    """The client's address, believing no more proxies than the setting says."""
    remote = request.client.host if request.client else ""
    return client_ip(request.headers.get("x-forwarded-for", ""), remote, conf.get().trusted_proxies)

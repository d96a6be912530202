"""Each operation as a FastAPI route; the act, its shapes and its permission come from `OPERATIONS`."""

from __future__ import annotations

import asyncio
import inspect
import threading
from collections.abc import Awaitable, Callable, Coroutine
from typing import Annotated, Any

import anyio.from_thread
from django.conf import settings
from django.db import close_old_connections
from fastapi import APIRouter, Body, Path, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import Response, StreamingResponse

from analytics import conf
from analytics.api.auth import Caller, Permission, check, identify
from analytics.api.descriptions import statuses_of
from analytics.api.limits import take
from analytics.api.operation import Download
from analytics.api.operations import OPERATIONS, Operation
from analytics.api.performing import Reply, perform
from analytics.api.uploads import read_posted
from analytics.ingestion.visitor import client_ip
from analytics.reports.cancellation import cancelled_by


class ErrorAnswer(BaseModel):
    """Every error: a sentence for people and a code for programs."""

    detail: str
    code: str


#: How often a request is asked whether its client is still there.
_WATCH_EVERY_S = 0.25


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
            responses=_responses(operation),
            openapi_extra=_file_body(operation),
            # As under WSGI; batches go to the SDK paths, and files straight to the disk.
            max_body_size=None if operation.takes_file else settings.DATA_UPLOAD_MAX_MEMORY_SIZE,
            tags=[operation.path.split("/")[3 if "/analytics/" in operation.path else 2]],
            route_class_override=_route_class(operation),
        )
    return made


def _responses(operation: Operation) -> dict[int | str, dict[str, Any]]:
    """Errors, and what JSON shapes do not say: files, and answers that have not changed."""
    found: dict[int | str, dict[str, Any]] = {
        status: {"model": ErrorAnswer} for status in statuses_of(operation)
    }
    if operation.status_of is not None:
        found[503] = {"model": operation.answer | ErrorAnswer, "description": "Something does not answer"}
    if operation.media_types:
        file = {"schema": {"type": "string", "format": "binary"}}
        found[200] = {"description": "A file", "content": dict.fromkeys(operation.media_types, file)}
    if operation.state or operation.has_etag:
        found[304] = {"description": "Nothing has changed since the answer with the ETag of If-None-Match"}
    return found


def _file_body(operation: Operation) -> dict[str, Any] | None:
    if not operation.takes_file or operation.body is None:
        return None
    fields = operation.body.model_json_schema()
    file = {"file": {"type": "string", "format": "binary"}}
    form = {**fields, "properties": {**fields["properties"], **file}}
    content = {"application/json": {"schema": fields}, "multipart/form-data": {"schema": form}}
    return {"requestBody": {"required": True, "content": content}}


def _endpoint(operation: Operation) -> Callable[..., Awaitable[Response]]:
    """An endpoint with the signature that FastAPI documents; the act runs in a worker thread.

    A query whose client has gone is called off.
    """

    async def endpoint(request: Request, **given: Any) -> Response:
        gone = threading.Event()
        # Whoever looks for the end of the connection takes pieces of a body that is not read yet.
        watch = None if operation.takes_file else asyncio.create_task(_watch(request, gone))
        try:
            return _send(await run_in_threadpool(_act, operation, request, given, gone))
        finally:
            if watch is not None:
                watch.cancel()

    endpoint.__name__ = operation.name
    endpoint.__doc__ = operation.summary
    endpoint.__signature__ = _signature(operation)  # type: ignore[attr-defined]  # what FastAPI reads
    return endpoint


def _route_class(operation: Operation) -> type[APIRoute]:
    """A route that says who may not ask before it says what is wrong with the question, as Django REST does."""

    class Route(APIRoute):
        def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
            answer = super().get_route_handler()

            async def handler(request: Request) -> Response:
                try:
                    response = await answer(request)
                except (RequestValidationError, HTTPException):
                    await run_in_threadpool(_refuse, operation, request)
                    raise
                response.headers.update(limit_headers(request))
                return response

            return handler

    return Route


def _refuse(operation: Operation, request: Request) -> None:
    close_old_connections()
    try:
        _admit(operation, request)
    finally:
        close_old_connections()


def _admit(operation: Operation, request: Request) -> Caller:
    """The caller, if they may ask, and have not asked too often. **Errors**: those of `check`, `TooMany`."""
    caller = caller_of(request, is_public=operation.permission is Permission.PUBLIC)
    check(operation.permission, caller)
    allowance = take(operation.limit, caller)
    if allowance is not None:
        request.state.limit_headers = allowance.headers
        allowance.check()
    return caller


def limit_headers(request: Request) -> dict[str, str]:
    """What is left of the caller's minute; nothing where nothing is counted."""
    found: dict[str, str] = getattr(request.state, "limit_headers", {})
    return found


def _act(operation: Operation, request: Request, given: dict[str, Any], gone: threading.Event) -> Reply:
    close_old_connections()
    try:
        body = given.pop("body", None)
        caller = _admit(operation, request)
        query = operation.query.model_validate(given) if operation.query else None
        if operation.takes_file and operation.body is not None:
            about = request.headers.get("content-type", ""), request.headers.get("content-length", "")
            body = read_posted(operation.body, *about, _Body(request))
        with cancelled_by(gone.is_set):
            return perform(operation, caller, query, body, request.headers.get("if-none-match", ""))
    finally:
        close_old_connections()


def _send(reply: Reply) -> Response:
    if reply.answer is None:
        return Response(status_code=reply.status, headers=reply.headers)
    if isinstance(reply.answer, Download):
        return StreamingResponse(
            reply.answer.chunks, media_type=reply.answer.media_type, headers=reply.headers
        )
    content = reply.answer.model_dump_json()
    return Response(content, reply.status, reply.headers, media_type="application/json")


class _Body:
    """A body as a worker thread reads it, piece by piece, while the event loop receives it."""

    def __init__(self, request: Request) -> None:
        self._chunks = aiter(request.stream())
        self._rest = b""

    def read(self, size: int = -1, /) -> bytes:
        """At most so many bytes; none at the end."""
        if not self._rest:
            self._rest = anyio.from_thread.run(self._next)
        if size < 0:
            size = len(self._rest)
        part, self._rest = self._rest[:size], self._rest[size:]
        return part

    async def _next(self) -> bytes:
        async for chunk in self._chunks:
            if chunk:
                return chunk
        return b""


async def _watch(request: Request, gone: threading.Event) -> None:
    while not await request.is_disconnected():
        await asyncio.sleep(_WATCH_EVERY_S)
    gone.set()


def _signature(operation: Operation) -> inspect.Signature:
    named = inspect.Parameter.KEYWORD_ONLY
    parameters = [inspect.Parameter("request", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=Request)]
    for name, field in (operation.query.model_fields if operation.query else {}).items():
        about: dict[str, Any] = {"description": field.description or "", "examples": field.examples}
        place: Any = Path(**about) if f"{{{name}}}" in operation.path else Query(**about)
        annotation = _annotated(field.annotation, *field.metadata, place)
        default = inspect.Parameter.empty if field.is_required() else field.default
        parameters.append(inspect.Parameter(name, named, annotation=annotation, default=default))
    if operation.body is not None and not operation.takes_file:
        annotation = _annotated(operation.body, Body())
        parameters.append(inspect.Parameter("body", named, annotation=annotation))
    return inspect.Signature(parameters)


def _annotated(*parts: Any) -> Any:
    """`Annotated[...]` of parts known only at run time."""
    return Annotated[parts]


def caller_of(request: Request, *, is_public: bool = False) -> Caller:
    """Who calls, by the Authorization header, at which an operation for anybody does not look.

    **Errors**: `NotAuthenticated` for a credential that does not hold.
    """
    user, label = (None, "") if is_public else identify(request.headers.get("authorization", ""))
    return Caller(user, label, ip_of(request), request.headers.get("user-agent", ""))


def ip_of(request: Request) -> str:
    """The client's address, believing no more proxies than the setting says."""
    remote = request.client.host if request.client else ""
    return client_ip(request.headers.get("x-forwarded-for", ""), remote, conf.get().trusted_proxies)

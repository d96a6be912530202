"""The SDK paths under ASGI: read the body within its cap, decode, hand over to the group-commit writer, answer.

The event loop does the decoding of small bodies itself; large ones and database look-ups go to a thread.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import anyio.to_thread
from asgiref.sync import sync_to_async
from django.db import close_old_connections
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from analytics import conf
from analytics.api import capture
from analytics.api.capture import Answer
from analytics.api.fast.routes import ip_of
from analytics.errors import AnalyticsError, BodyTooLarge, Unavailable
from analytics.ingestion import accept
from analytics.ingestion.event import Batch, Result
from analytics.ingestion.keys import ring
from analytics.ingestion.writer import writer

_INLINE_BODY_BYTES = 64 * 1024
_STORE_TIMEOUT_S = 15.0

Endpoint = Callable[[Request], Awaitable[Response]]


def capture_routes() -> list[Route]:
    """Routes of all SDK paths, with and without trailing slash."""
    routes = [Route("/livez", _livez, methods=["GET"])]
    for path, dialect in capture.DIALECT_OF_PATH.items():
        endpoint = _capturing(dialect)
        for slash in ("", "/"):  # what comes by another method, Django answers: with 405
            routes.append(
                Route(f"/{path}{slash}", endpoint, methods=[*capture.methods_of(dialect), "OPTIONS"])
            )
    for path in capture.CONFIG_PATHS:
        for slash in ("", "/"):
            routes.append(Route(f"/{path}{slash}", _configuring, methods=["GET", "POST", "OPTIONS"]))
    return routes


async def _livez(_: Request) -> Response:
    return JSONResponse({"status": "ok"})


def _capturing(dialect: str) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        if request.method == "OPTIONS":
            return _send(Answer(200, None), request)
        try:
            answer = await _capture(request, dialect)
        except AnalyticsError as error:
            answer = capture.failed(error, dialect)
        except ClientDisconnect:
            answer = Answer(400, None)
        return _send(answer, request)

    return endpoint


async def _configuring(request: Request) -> Response:
    if request.method == "OPTIONS":
        return _send(Answer(200, None), request)
    path = request.url.path.strip("/")
    return _send(capture.configuration(path, request.url.netloc, request.url.scheme), request)


async def _capture(request: Request, dialect: str) -> Answer:
    given = accept.Request(
        dialect=dialect,
        path=request.url.path,
        query=request.query_params,
        headers=request.headers,
        body=await _body(request),
        ip=ip_of(request),
    )
    if len(given.body) > _INLINE_BODY_BYTES:
        accepted = await anyio.to_thread.run_sync(_accept, lambda: accept.read(given))
    else:
        reading = accept.read(given)
        if ring.is_fresh_for(reading.envelope.token):
            accepted = accept.accept(reading)
        else:
            accepted = await anyio.to_thread.run_sync(_accept, lambda: reading)
    results = await _stored(accepted.batch)
    is_beacon = given.query.get("beacon") == "1"
    return capture.stored(accepted, results, dialect, is_beacon=is_beacon)


def _accept(read: Callable[[], accept.Reading]) -> accept.Accepted:
    """In a worker thread, which may look a key up and must not keep its connection: nobody would renew it."""
    close_old_connections()
    try:
        return accept.accept(read())
    finally:
        close_old_connections()


async def _body(request: Request) -> bytes:
    """The body, never more than the cap in memory."""
    limit = conf.get().max_batch_body_bytes
    too_large = BodyTooLarge(f"the body is over {limit} bytes; send less at once")
    announced = request.headers.get("content-length", "")
    if announced.isdigit() and int(announced) > limit:
        raise too_large
    chunks, size = [], 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > limit:
            raise too_large
        chunks.append(chunk)
    return b"".join(chunks)


async def _stored(batch: Batch) -> list[Result]:
    """Wait for the commit without holding a thread."""
    if not batch.size:
        return []
    loop = asyncio.get_running_loop()
    future: asyncio.Future[list[Result]] = loop.create_future()

    def settle(results: list[Result] | None, error: AnalyticsError | None) -> None:
        if future.done():
            return
        if error is not None:
            future.set_exception(error)
        else:
            future.set_result(results or [])

    def done(results: list[Result] | None, error: AnalyticsError | None) -> None:
        loop.call_soon_threadsafe(settle, results, error)

    if writer.is_blocking:
        await sync_to_async(writer.submit)(batch, done)
    else:
        writer.submit(batch, done)
    try:
        return await asyncio.wait_for(future, _STORE_TIMEOUT_S)
    except TimeoutError as error:
        raise Unavailable("storing takes too long; send again") from error


def _send(answer: Answer, request: Request) -> Response:
    headers = answer.headers | capture.request_headers_back(request.headers)
    content: Any = answer.body
    if content is None:
        return Response(status_code=answer.status, headers=headers)
    if isinstance(content, str):
        return Response(content, answer.status, headers, answer.content_type)
    return JSONResponse(content, answer.status, headers)

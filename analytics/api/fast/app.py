"""The ASGI root: capture and API routes first, Django for everything else."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import anyio.to_thread
from django.db import InterfaceError, OperationalError
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import ValidationError
from starlette.exceptions import HTTPException

from analytics import __version__
from analytics.api import openapi
from analytics.api.errors import INTERNAL, body_of, body_of_validation, headers_of
from analytics.api.fast.capture import capture_routes
from analytics.api.fast.cors import Cors
from analytics.api.fast.routes import limit_headers, router
from analytics.errors import AnalyticsError, Unavailable
from analytics.ingestion.writer import writer
from analytics.mcp import http as mcp
from analytics.monitoring.asgi import Watched

logger = logging.getLogger("analytics.api")

_THREADS = 12  # each holds a database connection; the embedded server allows sixty


def build_asgi(django: Callable[..., Any]) -> FastAPI:
    """The application that a server runs; `django` answers what is not ours."""
    app = FastAPI(
        title="Loopin Analytics",
        version=__version__,
        docs_url=None,  # their pages load scripts from a CDN
        redoc_url=None,
        openapi_url=None,  # Django answers, the same under both servers
        lifespan=_lifespan,
    )
    app.openapi = openapi.document  # type: ignore[method-assign]
    app.router.redirect_slashes = False  # a redirected POST loses its body
    app.routes.extend(capture_routes())
    app.include_router(router())
    app.state.mcp = mcp.Endpoint()
    app.routes.append(mcp.route(app.state.mcp))
    app.mount("/", django)
    app.add_middleware(Cors)
    app.add_middleware(Watched)  # the last is the outermost
    app.add_exception_handler(AnalyticsError, _analytics_error)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(ValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(OperationalError, _database_error)
    app.add_exception_handler(InterfaceError, _database_error)
    app.add_exception_handler(Exception, _internal_error)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    anyio.to_thread.current_default_thread_limiter().total_tokens = _THREADS
    async with app.state.mcp.running():
        yield
    await anyio.to_thread.run_sync(writer.close)


def _analytics_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, AnalyticsError)
    return JSONResponse(body_of(error), error.status, headers_of(error) | limit_headers(request))


def _database_error(request: Request, error: Exception) -> JSONResponse:
    logger.error("the database cannot be reached: %s", type(error).__name__)
    return _analytics_error(request, Unavailable("the database is away; try again"))


def _invalid(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError | ValidationError)
    return JSONResponse(body_of_validation(list(error.errors())), 422, limit_headers(request))


def _http_error(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    code = {404: "not_found", 405: "method_not_allowed", 413: "body_too_large"}.get(
        error.status_code, "bad_input"
    )
    return JSONResponse({"detail": error.detail, "code": code}, error.status_code, error.headers)


def _internal_error(_: Request, error: Exception) -> JSONResponse:
    logger.error("an API call failed", exc_info=error)
    return JSONResponse(INTERNAL, 500)

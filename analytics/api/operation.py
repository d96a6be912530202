"""What one endpoint is; the list of them all is `analytics.api.operations`, and `analytics.api.performing` runs one."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from analytics.api import shapes
from analytics.api.auth import Caller, Permission
from analytics.api.limits import Limit


@dataclass(frozen=True)
class Download:
    """A file that is made while it is sent. `chunks` may be drawn in several threads, one after the other."""

    media_type: str
    filename: str
    chunks: Iterator[bytes]


@dataclass(frozen=True)
class Upload:
    """A file that came with a request, on disk, and the name that its sender gave it."""

    path: Path
    name: str


@dataclass(frozen=True)
class Posted:
    """The body of an operation that takes a file: its fields, and the file where there was one."""

    fields: Any
    file: Upload | None


Act = Callable[[Caller, Any, Any], BaseModel | Download]
State = Callable[[Caller, Any, Any], Hashable]

AUTH = "/api/auth"
API = "/api/analytics"


@dataclass(frozen=True)
class Operation:
    """One endpoint. `act(caller, query, body)` answers it; `query` holds path and query parameters.

    `answer`: None for one that sends a `Download` of one of the `media_types`.
    `state`: all that the answer depends on beside the request, for the ETag of a GET; None where that is not known.
    `has_etag`: a GET without a `state` whose ETag is taken of the answer itself.
    `takes_file`: the body is JSON or multipart/form-data, and arrives as `Posted`.
    `limit`: whose requests are counted against the limit of requests.
    `status_of`: the status that goes with an answer, 200 or 503, for one that tells how the system is.
    """

    name: str
    method: str
    path: str
    permission: Permission
    act: Act
    answer: type[BaseModel] | None
    summary: str
    query: type[shapes.Shape] | None = None
    body: type[shapes.Shape] | None = None
    state: State | None = None
    has_etag: bool = False
    takes_file: bool = False
    media_types: tuple[str, ...] = ()
    limit: Limit = Limit.CALLER
    status_of: Callable[[Any], int] | None = None

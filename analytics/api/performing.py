"""Running one operation, the same for both servers: its act, its ETag, and what goes out.

An ETag is weak: two answers with the same figures may differ in how fresh they are and how long they took.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote

from django.db import close_old_connections
from pydantic import BaseModel

from analytics import __version__
from analytics.api.auth import Caller
from analytics.api.operation import Download, Operation

#: What a reader may keep, but has to ask about each time.
_PRIVATE = {"Cache-Control": "private, no-cache", "Vary": "Authorization"}


@dataclass(frozen=True)
class Reply:
    """What goes out: a status, headers, and JSON, a download or, for 304, nothing."""

    answer: BaseModel | Download | None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


def perform(operation: Operation, caller: Caller, query: Any, body: Any, if_none_match: str = "") -> Reply:
    """The reply to a caller who may ask. `if_none_match` is that header. Errors: those of the act."""
    if operation.method != "GET" or not (operation.state or operation.has_etag):
        return _with_status(operation, _reply(operation.act(caller, query, body)))
    tag = None
    if operation.state is not None:
        # Taken before the answer: what is stored in between is in the answer already, which does no harm.
        state = operation.state(caller, query, body)
        tag = None if state is None else _tag(operation, caller, query, state)
        if tag is not None and _matches(if_none_match, tag):
            return Reply(None, 304, {"ETag": tag, **_PRIVATE})
    reply = _reply(operation.act(caller, query, body))
    if operation.has_etag and isinstance(reply.answer, BaseModel):
        tag = _tag(operation, caller, query, reply.answer.model_dump_json(exclude={"proof"}))
        if _matches(if_none_match, tag):
            return Reply(None, 304, {"ETag": tag, **_PRIVATE})
    return replace(reply, headers={**reply.headers, **({"ETag": tag} if tag else {}), **_PRIVATE})


def _with_status(operation: Operation, reply: Reply) -> Reply:
    """Of an answer that has a status of its own, which no cache in between may keep."""
    if operation.status_of is None:
        return reply
    return replace(reply, status=operation.status_of(reply.answer), headers={"Cache-Control": "no-store"})


def _reply(answer: BaseModel | Download) -> Reply:
    if not isinstance(answer, Download):
        return Reply(answer)
    # The first chunk now, so that what cannot be read is an error and not half a file.
    first = list(itertools.islice(answer.chunks, 1))
    download = replace(answer, chunks=_each_with_a_connection(itertools.chain(first, answer.chunks)))
    name = quote(download.filename)
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "private, no-store"}
    return Reply(download, headers=headers)


def _each_with_a_connection(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Under ASGI each chunk is drawn in whichever thread is free, and a connection of it may be stale."""
    while True:
        close_old_connections()
        try:
            chunk = next(chunks, None)
        finally:
            close_old_connections()
        if chunk is None:
            return
        yield chunk


def _tag(operation: Operation, caller: Caller, query: Any, state: Hashable) -> str:
    who = caller.user.pk if caller.user is not None else None
    text = repr((__version__, operation.name, who, query, state))
    return f'W/"{hashlib.blake2b(text.encode(), digest_size=16).hexdigest()}"'


def _matches(if_none_match: str, tag: str) -> bool:
    """Weak comparison with a list of tags (RFC 9110, 8.8.3.2 and 13.1.2)."""
    given = {part.strip().removeprefix("W/") for part in if_none_match.split(",")}
    return "*" in given or tag.removeprefix("W/") in given

"""Files and streams that are sent while they are made, under both servers.

Django under ASGI would gather a plain iterator whole before it sends the first byte.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

from asgiref.sync import SyncToAsync, sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.db import connections
from django.http import HttpRequest, StreamingHttpResponse


def streamed(
    request: HttpRequest, chunks: Iterator[bytes], media_type: str, filename: str
) -> StreamingHttpResponse:
    """A file to be kept, drawn from `chunks` as fast as the reader takes it."""
    headers = {"Content-Disposition": f'attachment; filename="{filename}"'}
    body = _drawn(chunks) if isinstance(request, ASGIRequest) else chunks
    return StreamingHttpResponse(body, content_type=media_type, headers=headers)


async def let_thread_go() -> None:
    """End the thread that Django keeps for this request, with its database connection.

    It stays until the answer is sent, which is right for a page and would be a thread a viewer for a stream that lasts.
    A later call into synchronous code gets a new one.
    """
    context = SyncToAsync.thread_sensitive_context.get(None)
    if context is None:  # no server, so no thread of its own
        return
    await sync_to_async(connections.close_all)()
    executor = SyncToAsync.context_to_thread_executor.pop(context, None)
    if executor is not None:
        executor.shutdown(wait=False)


async def _drawn(chunks: Iterator[bytes]) -> AsyncIterator[bytes]:
    """One chunk after another, each made in the request's own thread."""
    draw = sync_to_async(lambda: next(chunks, None))
    while (chunk := await draw()) is not None:
        yield chunk

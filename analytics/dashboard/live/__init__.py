"""The live page: events as they come, by server-sent events.

Under ASGI one thread a process reads for all viewers, who wait without a thread; under WSGI each answer ends at once
and the browser asks again, so that nobody holds a worker.
"""

"""The one way in: from a request, a middleware hit or a `track()` call to a stored event.

Read in this order: `body` (bytes to JSON), `dialects` (JSON to `Event`), `pipeline` (the named steps), `commit`
(one transaction), `writer` (many requests, one commit), `capture` (the Python entry points).
"""

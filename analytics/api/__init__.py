"""The HTTP surface: every endpoint is one `Operation`, served alike by FastAPI (ASGI) and Django REST (WSGI).

`shapes` are the bodies, `operations` the acts and the permission table, `capture` the SDK paths; `fast` and `rest`
hold no logic.
"""

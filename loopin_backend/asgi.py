"""The ASGI entry point: `uvicorn loopin_backend.asgi:application`."""

from __future__ import annotations

from django.core.asgi import get_asgi_application

from loopin_backend import embedded, env

env.use_settings()
embedded.ensure()
django_application = get_asgi_application()

from analytics.api.fast.app import build_asgi  # noqa: E402  (models exist only after the line above)

application = build_asgi(django_application)

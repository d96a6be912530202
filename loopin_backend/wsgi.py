"""The WSGI entry point, for servers that speak nothing newer: `loopin_backend.wsgi:application`."""

from __future__ import annotations

from django.core.wsgi import get_wsgi_application

from loopin_backend import embedded, env

env.use_settings()
embedded.ensure()
application = get_wsgi_application()

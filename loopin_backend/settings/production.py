"""A deployment that others reach; `env.load` has already refused what must not be served."""

import logging

from loopin_backend.settings.base import *
from loopin_backend.settings.base import _env

SECRET_KEY = _env.secret_key.get_secret_value()
# Python's own warnings are records like all others, or the log would not be JSON any more.
logging.captureWarnings(True)

if _env.loopin_https:
    SECURE_SSL_REDIRECT = True
    # A redirected POST loses its body in every client, and probes do not follow redirects.
    SECURE_REDIRECT_EXEMPT = [
        r"^(livez|readyz|metrics)$",
        r"^(batch|e|capture|track|engage|s|flags|decide)/?$",
        r"^(i/v0|i/v1|v1|array|flags|api/analytics|api/auth|api/surveys|api/web_experiments)/",
        r"^(t|i|p|g|a|b)$",
    ]
    SECURE_HSTS_SECONDS = 365 * 24 * 60 * 60
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True

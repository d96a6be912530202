"""The test-suite: the same real servers in a data directory of their own, and no waiting."""

from loopin_backend.secret_key import find_or_make_secret_key
from loopin_backend.settings.base import *
from loopin_backend.settings.base import _data_dir, _env

SECRET_KEY = _env.secret_key.get_secret_value() or find_or_make_secret_key(_data_dir)
ALLOWED_HOSTS = ["testserver", "localhost", "127.0.0.1"]
# A hash that is slow on purpose only slows tests.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
STATIC_ROOT = None  # nothing is collected; files are served from the apps
WHITENOISE_USE_FINDERS = True
# Captured events are stored in the test's own transaction; tests of the threaded writer make their own.
ANALYTICS_INLINE_WRITER = True
WHITENOISE_AUTOREFRESH = True  # no collected folder is needed
# All tests of a process are one minute of few users; those that are about limits set them.
ANALYTICS_RATE_LIMIT_PER_MINUTE = 0
ANALYTICS_LOGIN_LIMIT_PER_MINUTE = 0
# A developer's exported keys must not reach the outside from a test.
OPENAI_API_KEY = ""
POSTHOG_API_KEY = ""

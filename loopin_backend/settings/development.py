"""A developer's machine and `make run`: a secret key of its own, static files straight from the apps."""

from loopin_backend import toolbar
from loopin_backend.secret_key import find_or_make_secret_key
from loopin_backend.settings.base import *
from loopin_backend.settings.base import _data_dir, _env

DEBUG = bool(_env.debug)
SECRET_KEY = _env.secret_key.get_secret_value() or find_or_make_secret_key(_data_dir)
# Names that only reach this machine; a page elsewhere cannot rebind its own name to it.
ALLOWED_HOSTS = list(_env.allowed_hosts) or ["localhost", "127.0.0.1", "[::1]", ".localhost"]

STATIC_ROOT = None  # nothing is collected; files are served from the apps
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = DEBUG
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}

if toolbar.is_wanted(is_debug=DEBUG):
    toolbar.put_toolbar(globals())

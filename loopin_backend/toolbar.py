"""django-debug-toolbar for developers: where it is installed, with `DEBUG=true`, on this machine's own pages.

The dashboard and the documentation pages forbid every script but their own (Content-Security-Policy), and the toolbar
is one: it stays off there. Queries of those pages are in the toolbar's history of the admin and the host's pages.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

from django.http import HttpRequest

APP = "debug_toolbar"
MIDDLEWARE = "debug_toolbar.middleware.DebugToolbarMiddleware"
_OWN_SCRIPTS_ONLY = ("/dashboard", "/api/", "/metrics")


def is_wanted(*, is_debug: bool) -> bool:
    """Whether development should load it."""
    return is_debug and find_spec(APP) is not None


def put_toolbar(settings: dict[str, Any]) -> None:
    """Add it to a settings module, right behind what watches requests and before what answers them."""
    settings["INSTALLED_APPS"] = [*settings["INSTALLED_APPS"], APP]
    middleware = list(settings["MIDDLEWARE"])
    middleware.insert(middleware.index("django.contrib.sessions.middleware.SessionMiddleware"), MIDDLEWARE)
    settings["MIDDLEWARE"] = middleware
    settings["DEBUG_TOOLBAR_CONFIG"] = {
        "SHOW_TOOLBAR_CALLBACK": "loopin_backend.toolbar.may_show",
        "UPDATE_ON_FETCH": False,
    }


def may_show(request: HttpRequest) -> bool:
    """True on pages of this machine that do not forbid other scripts."""
    is_here = request.META.get("REMOTE_ADDR") in ("127.0.0.1", "::1")
    return is_here and not request.path.startswith(_OWN_SCRIPTS_ONLY)

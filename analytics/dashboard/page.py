"""What all pages of the dashboard share: who may come in, the shell, the fragment with the data, and the policy.

A page answers at once with its shell; the shell asks for the fragment. A fragment that fails is a panel that says
what went wrong and offers to try again, with the status that belongs to the failure.
"""

from __future__ import annotations

import logging
import time
from typing import Any, ClassVar
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib import admin
from django.contrib.auth.views import redirect_to_login
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.views import View

from analytics.dashboard import navigation
from analytics.errors import AnalyticsError, Unavailable

logger = logging.getLogger("analytics.dashboard")

#: Tells the page's script that a failed answer holds a panel to show, and no page of somebody else's.
PANEL_HEADER = "X-Analytics-Panel"


class StaffView(View):
    """Only for staff of the admin site; everybody else is sent to its login and back."""

    http_method_names = ["get", "head", "options"]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Let staff in, and put the headers of every answer."""
        response = super().dispatch(request, *args, **kwargs) if _is_staff(request) else _to_login(request)
        response.headers["Content-Security-Policy"] = content_security_policy()
        response.headers["Cache-Control"] = "private, no-store"
        return response


class DashboardPage(StaffView):
    """A page's shell. `data_route` names the route of its fragment."""

    template_name: ClassVar[str]
    title: ClassVar[str | Promise]
    data_route: ClassVar[str]

    def get(self, request: HttpRequest, **parameters: Any) -> HttpResponse:
        """The shell, which reads no event."""
        context = {
            **admin.site.each_context(request),
            "title": self.title,
            "data_url": f"{reverse(f'analytics:{self.data_route}', kwargs=parameters)}?{request.GET.urlencode()}",
            **self.shell(request),
        }
        if not context.get("sidebar_navigation"):
            context["sidebar_navigation"] = navigation.sidebar(request)
        return render(request, self.template_name, context)

    def shell(self, request: HttpRequest) -> dict[str, Any]:
        """What else the page's template needs, without reading events."""
        return {}


class DashboardData(StaffView):
    """A page's fragment. `error_template` says why there is none."""

    template_name: ClassVar[str]
    error_template: ClassVar[str] = "analytics/dashboard/error.html"

    def get(self, request: HttpRequest, **parameters: Any) -> HttpResponse:
        """The data, or a panel that says why there is none."""
        started_s = time.perf_counter()
        try:
            context = self.load(request)
        except AnalyticsError as error:
            return _panel(request, error, self.error_template)
        except DatabaseError:
            logger.exception("the data of %s could not be read", request.path)
            away = Unavailable(_("The database cannot be reached now."))
            return _panel(request, away, self.error_template)
        response = render(request, context.pop("template_name", self.template_name), context)
        spent_ms = (time.perf_counter() - started_s) * 1000
        response.headers["Server-Timing"] = f"data;dur={spent_ms:.1f}"
        return response

    def load(self, request: HttpRequest) -> dict[str, Any]:
        """The template's context; a `template_name` in it replaces the view's own.

        **Errors**: an `AnalyticsError` becomes a panel with its words.
        """
        raise NotImplementedError


def content_security_policy() -> str:
    """Nothing but this deployment's own files: no inline script or style, no other host, no frame."""
    static = urlsplit(settings.STATIC_URL)
    files = f"'self' {static.scheme}://{static.netloc}" if static.netloc else "'self'"
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src {files}",
            f"style-src {files}",
            f"font-src {files}",
            f"img-src {files} data:",
            "connect-src 'self'",
            "form-action 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        )
    )


def _is_staff(request: HttpRequest) -> bool:
    return bool(admin.site.has_permission(request))


def _to_login(request: HttpRequest) -> HttpResponse:
    login = reverse("admin:login")
    if "HX-Request" not in request.headers:
        return redirect_to_login(request.get_full_path(), login)
    # A script that follows a redirect would show the login inside the page: the browser must go there itself.
    page = urlsplit(request.headers.get("HX-Current-URL", ""))
    back = f"{page.path}?{page.query}" if page.query else page.path or reverse("analytics:dashboard")
    target = redirect_to_login(back, login).headers["Location"]
    return HttpResponse(status=401, headers={"HX-Redirect": target})


def _panel(request: HttpRequest, error: AnalyticsError, template_name: str) -> HttpResponse:
    context = {"detail": error.detail, "code": error.code, "retry_url": request.get_full_path()}
    response = render(request, template_name, context, status=error.status)
    response.headers[PANEL_HEADER] = "1"
    return response

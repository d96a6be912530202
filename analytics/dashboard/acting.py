"""Acts of the dashboard: a form that is posted by somebody with the right, and what is said afterwards.

An act calls the function that the API calls, leaves a message, and sends the browser back to a page: a reload repeats
nothing. Django's CSRF middleware guards every form.
"""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from analytics.dashboard.page import StaffView
from analytics.errors import AnalyticsError


class Act(StaffView):
    """One act. `permission` is what its buttons ask for, too; "" is for what all staff may do."""

    http_method_names = ["post", "options"]
    permission: ClassVar[str]

    def post(self, request: HttpRequest, **parameters: Any) -> HttpResponse:
        """Do it, tell how it went, and go back. **Errors**: `PermissionDenied` (403) without the right."""
        if self.permission and not request.user.has_perm(self.permission):
            raise PermissionDenied
        target = self.page(request)
        try:
            target = self.act(request) or target
        except AnalyticsError as error:
            messages.error(request, error.detail[:1].upper() + error.detail[1:])
        return HttpResponseRedirect(target, status=303)

    def page(self, request: HttpRequest) -> str:
        """Where to go back to."""
        raise NotImplementedError

    def act(self, request: HttpRequest) -> str | None:
        """Do it; another page to go to, or None. **Errors**: an `AnalyticsError` becomes a message."""
        raise NotImplementedError

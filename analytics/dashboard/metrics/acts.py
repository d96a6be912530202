"""Acts on a metric and on its alerts: what the API's `PATCH` does, by a form."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest
from django.utils.translation import gettext as _

from analytics.dashboard.acting import Act
from analytics.dashboard.metrics import settings_form
from analytics.dashboard.metrics.cards import link_to
from analytics.errors import BadInput
from analytics.metrics.registry import find_metric
from analytics.reports import alerts, metrics


class MetricAct(Act):
    """An act that ends on the page of the metric, or on that of all."""

    def page(self, request: HttpRequest) -> str:
        """The page from which it was asked."""
        return link_to(request.POST.get("metric", ""))


class Decide(MetricAct):
    """Set target, thresholds, owner and silence of a metric."""

    permission = "analytics.change_metricsetting"

    def act(self, request: HttpRequest) -> None:
        """The API's decision."""
        metric = find_metric(request.POST.get("metric", ""))
        metrics.decide(metric.name, settings_form.decision_of(request.POST.dict()))
        messages.success(
            request, _("%(title)s: kept. It holds from the next calculation on.") % {"title": metric.title}
        )


class Handle(MetricAct):
    """Acknowledge an alert, silence it, or take either back."""

    permission = "analytics.change_alert"

    def act(self, request: HttpRequest) -> None:
        """The API's handling."""
        uuid, wanted, user = self.kwargs["alert"], request.POST.get("act", ""), request.user
        if not user.is_authenticated:  # staff are; this is for the type checker
            raise BadInput(_("Log in first."))
        if wanted in ("acknowledge", "take_back"):
            alerts.handle_alert(uuid, user, is_acknowledged=wanted == "acknowledge")
        elif wanted == "mute":
            until = settings_form.muted_until(request.POST.get("days", "1"))
            alerts.handle_alert(uuid, user, mute=(until,))
        elif wanted == "unmute":
            alerts.handle_alert(uuid, user, mute=(None,))
        else:
            raise BadInput(_("An alert is acknowledged or muted."), code="bad_act")
        said = {
            "acknowledge": _("The alert is acknowledged: it stays open until the value is back."),
            "take_back": _("The alert is no longer acknowledged."),
            "mute": _("The alert is silent until then."),
            "unmute": _("The alert may be heard again."),
        }
        messages.success(request, said[wanted])

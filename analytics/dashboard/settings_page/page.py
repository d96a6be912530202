"""The page, and its acts on ingest keys."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from analytics import clock
from analytics.dashboard import moments
from analytics.dashboard.acting import Act
from analytics.dashboard.page import DashboardData, DashboardPage
from analytics.dashboard.settings_page import facts
from analytics.errors import BadInput, NotFound
from analytics.ingestion.keys import create_ingest_key, ring
from analytics.models import AlertTarget, IngestKey
from analytics.models.choices import TargetKind
from analytics.reports import data_health

_FOLDER = "analytics/dashboard/settings"
_LABEL_CHARACTERS = 100


class SettingsPage(DashboardPage):
    """The shell."""

    template_name = f"{_FOLDER}/page.html"
    title = gettext_lazy("Settings")
    data_route = "settings_data"


class SettingsData(DashboardData):
    """Keys, alert targets and what the environment says."""

    template_name = f"{_FOLDER}/data.html"
    error_template = f"{_FOLDER}/error.html"

    def load(self, request: HttpRequest) -> dict[str, Any]:
        """Keys and targets are for those who may view them in the admin."""
        user = request.user
        may_view_keys = user.has_perm("analytics.view_ingestkey")
        may_view_targets = user.has_perm("analytics.view_alerttarget")
        return {
            "groups": facts.groups(),
            "may_view_keys": may_view_keys,
            "may_make": user.has_perm(MakeKey.permission),
            "may_switch": user.has_perm(SwitchKey.permission),
            "keys": _keys() if may_view_keys else [],
            "may_view_targets": may_view_targets,
            "may_change_targets": user.has_perm("analytics.change_alerttarget"),
            "targets": [_target(target) for target in AlertTarget.objects.order_by("name")]
            if may_view_targets
            else [],
        }


class KeyAct(Act):
    """An act on keys, which ends on the page."""

    def page(self, request: HttpRequest) -> str:
        """The page, at its keys."""
        return f"{reverse('analytics:settings_page')}#keys"


class MakeKey(KeyAct):
    """Make a key with a token of its own."""

    permission = "analytics.add_ingestkey"

    def act(self, request: HttpRequest) -> None:
        """As the admin and the command do."""
        label = request.POST.get("label", "").replace("\0", "").strip()
        if not label or len(label) > _LABEL_CHARACTERS:
            message = _("A key needs a label of 1 to %(most)s characters.") % {"most": _LABEL_CHARACTERS}
            raise BadInput(message, code="bad_label")
        made = create_ingest_key(label)
        ring.forget()
        names = {"label": made.label, "token": made.token}
        text = _("The key “%(label)s” is %(token)s. It may only write, so clients may carry it.")
        messages.success(request, text % names)


class SwitchKey(KeyAct):
    """Switch a key off, or on again. Keys are never deleted: events hold their label."""

    permission = "analytics.change_ingestkey"

    def act(self, request: HttpRequest) -> None:
        """This process knows at once, others within seconds."""
        key = IngestKey.objects.filter(pk=self.kwargs["key"]).first()
        if key is None:
            raise NotFound(_("There is no such key."))
        is_active = request.POST.get("active") == "1"
        IngestKey.objects.filter(pk=key.pk).update(is_active=is_active)
        ring.forget()
        text = (
            _("The key “%(label)s” is switched on.")
            if is_active
            else _("The key “%(label)s” is switched off.")
        )
        messages.success(request, text % {"label": key.label})


def _keys() -> list[dict[str, Any]]:
    keys = list(IngestKey.objects.order_by("-is_active", "pk"))
    used = data_health.last_used([key.label for key in keys])
    now = clock.now()
    return [
        {
            "id": key.pk,
            "label": key.label,
            "token": key.token,
            "is_active": key.is_active,
            "created": moments.day(key.created_at),
            "used": _used(used[key.label], now) if key.label in used else "",
            "switch_url": reverse("analytics:key_switch", kwargs={"key": key.pk}),
        }
        for key in keys
    ]


def _used(hour: Any, now: Any) -> str:
    """The ledger counts by the hour, so no more is known."""
    return _("in this hour") if (now - hour).total_seconds() < 3600 else moments.ago(hour)


def _target(target: AlertTarget) -> dict[str, Any]:
    """A target. The path of a webhook may be a secret of its receiver: only its server is shown."""
    is_mail = target.kind == TargetKind.EMAIL
    return {
        "name": target.name,
        "kind": TargetKind(target.kind).label if target.kind in TargetKind.values else target.kind,
        "address": target.address if is_mail else f"{facts.origin(target.address)}/…",
        "level": target.get_least_level_display(),
        "wants_summary": target.wants_summary,
        "is_enabled": target.is_enabled,
        "url": reverse("admin:analytics_alerttarget_change", args=(target.pk,)),
    }

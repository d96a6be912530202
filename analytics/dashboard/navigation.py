"""The side bar, for the admin of django-unfold and for the dashboard's own shell alike.

A project points at it with `UNFOLD["SIDEBAR"]["navigation"] = "analytics.dashboard.navigation.sidebar"` and may
wrap it in a function of its own that adds groups. An entry is shown to whoever may view what it leads to.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import Any

from django.contrib.auth import get_user_model
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Text = str | Promise


@dataclass(frozen=True)
class PageLink:
    """A dashboard page: the name of its route, what it is called, its Material symbol, and the title of its group."""

    route: str
    title: Text
    icon: str
    group: Text = ""


_EXPLORE = _("Explore")
_UNDERSTAND = _("Understand")
_WATCH = _("People and data")

PAGES: tuple[PageLink, ...] = (
    PageLink("overview_page", _("Overview"), "monitoring"),
    PageLink("boards_page", _("Dashboards"), "dashboard"),
    PageLink("trends_page", _("Trends"), "show_chart", _EXPLORE),
    PageLink("funnel_page", _("Funnel"), "filter_alt", _EXPLORE),
    PageLink("retention_page", _("Retention"), "grid_on", _EXPLORE),
    PageLink("paths_page", _("Paths"), "route", _EXPLORE),
    PageLink("lifecycle_page", _("Lifecycle"), "stacked_bar_chart", _EXPLORE),
    PageLink("stickiness_page", _("Stickiness"), "bar_chart", _EXPLORE),
    PageLink("metrics_page", _("Metrics"), "speed", _UNDERSTAND),
    PageLink("insights_page", _("Insights"), "lightbulb", _UNDERSTAND),
    PageLink("anomalies_page", _("Anomalies"), "ssid_chart", _UNDERSTAND),
    PageLink("sentiment_page", _("Sentiment"), "mood", _UNDERSTAND),
    PageLink("personas_page", _("Personas"), "groups", _UNDERSTAND),
    PageLink("models_page", _("Models"), "psychology", _UNDERSTAND),
    PageLink("people_page", _("People"), "group", _WATCH),
    PageLink("live_page", _("Live"), "bolt", _WATCH),
    PageLink("data_health_page", _("Data health"), "monitor_heart", _WATCH),
    PageLink("settings_page", _("Settings"), "settings", _WATCH),
)

#: Group, whether it folds, and its models: name in the app `analytics`, title, Material symbol.
_MODELS: tuple[tuple[Text, bool, tuple[tuple[str, Text, str], ...]], ...] = (
    (
        _("Tables"),
        True,
        (
            ("userevent", _("Events"), "bolt"),
            ("person", _("People"), "group"),
            ("mergelog", _("Merges"), "merge"),
            ("aiinsight", _("Insights"), "lightbulb"),
            ("businessmetric", _("Metrics"), "speed"),
            ("userbehaviorprofile", _("Behaviour profiles"), "psychology"),
            ("userpersona", _("Personas"), "groups"),
        ),
    ),
    (
        _("Operations"),
        True,
        (
            ("ingestkey", _("Ingest keys"), "key"),
            ("rejectedevent", _("Rejected events"), "report"),
            ("ledgerentry", _("Ledger"), "receipt_long"),
            ("dataset", _("Imports"), "upload_file"),
            ("outboxmessage", _("Outbox"), "outbox"),
            ("sinkstate", _("Sinks"), "outbox"),
            ("forwardedday", _("Forwarded days"), "outbox"),
            ("alerttarget", _("Alert targets"), "outbox"),
        ),
    ),
)


def sidebar(request: HttpRequest) -> list[dict[str, Any]]:
    """The groups of the side bar in django-unfold's shape."""
    groups: list[dict[str, Any]] = [
        {
            "title": group,
            "items": [_item(page.title, page.icon, reverse(f"analytics:{page.route}")) for page in pages],
        }
        for group, pages in groupby(PAGES, key=lambda page: page.group)
    ]
    for title, is_folding, models in _MODELS:
        items = [_model_item(request, "analytics", *model) for model in models]
        groups.append({"title": title, "collapsible": is_folding, "items": [item for item in items if item]})
    user_model = get_user_model()._meta
    users = _model_item(request, user_model.app_label, str(user_model.model_name), _("Users"), "person")
    if users:
        groups[-1]["items"].append(users)
    return [group for group in groups if group["items"]]


def _item(title: Text, icon: str, link: str) -> dict[str, Any]:
    return {"title": title, "icon": icon, "link": link}


def _model_item(request: HttpRequest, app: str, model: str, title: Text, icon: str) -> dict[str, Any] | None:
    may_view = request.user.has_perm(f"{app}.view_{model}") or request.user.has_perm(f"{app}.change_{model}")
    if not may_view:
        return None
    try:
        return _item(title, icon, reverse(f"admin:{app}_{model}_changelist"))
    except NoReverseMatch:  # the project has taken it out of its admin
        return None

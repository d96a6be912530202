"""Use everything of analytics that a project has, and print one fact a line; the test reads them."""

from __future__ import annotations

import json
import os
import re
import sys
from typing import Any


def main() -> None:
    """Each surface once."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "site_settings"
    import django

    django.setup()
    import analytics

    assert "library_site" not in str(analytics.__file__)
    user, browser = visit()
    send()
    ask(user)
    tell("pages", look(browser))
    work()
    tell("loopin_backend", "loopin_backend" in sys.modules)


def visit() -> tuple[Any, Any]:
    """Middleware, signals and `track()`."""
    from django.contrib.auth.models import User
    from django.test import Client

    from analytics import track
    from analytics.ingestion.writer import writer
    from analytics.models import UserEvent

    user = User.objects.create_superuser("root", password="root-password-1")
    browser = Client()
    browser.get("/hello/")
    browser.login(username="root", password="root-password-1")
    browser.get("/hello/")
    track("order_paid", user=user, revenue_impact=20)
    writer.flush()
    tell("captured", sorted(UserEvent.objects.values_list("event_name", flat=True)))
    return user, browser


def send() -> None:
    """An SDK."""
    from django.test import Client

    from analytics.ingestion.keys import create_ingest_key

    key = create_ingest_key("web")
    body = {"api_key": key.token, "batch": [{"event": "clicked", "distinct_id": "u1", "properties": {}}]}
    answer = Client().post("/batch/", json.dumps(body), content_type="application/json")
    tell("sent", answer.status_code)


def ask(user: Any) -> None:
    """The API."""
    from django.test import Client

    api = Client()
    login = {"username": user.username, "password": "root-password-1"}
    tokens = api.post("/api/auth/token", json.dumps(login), content_type="application/json").json()
    told = {"Authorization": f"Bearer {tokens['access']}"}
    for name in ("overview", "persons", "health", "insights"):
        tell(name, api.get(f"/api/analytics/{name}", headers=told).status_code)
    renewed = {"refresh": tokens["refresh"]}
    tell(
        "refresh",
        api.post("/api/auth/token/refresh", json.dumps(renewed), content_type="application/json").status_code,
    )


def look(browser: Any) -> dict[str, Any]:
    """Every page of the dashboard and the admin: what was not 200, and which static files nobody finds."""
    from django.contrib import admin
    from django.contrib.staticfiles import finders
    from django.urls import NoReverseMatch, reverse

    from analytics.dashboard.urls import urlpatterns

    paths = ["/admin/", "/api/docs"]
    for name in _names(urlpatterns):
        try:
            paths.append(reverse(f"analytics:{name}"))
        except NoReverseMatch:  # it is about one thing, such as a person
            continue
    paths += [
        reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        for model in admin.site._registry
    ]
    paths.append(reverse("admin:analytics_ingestkey_add"))
    odd, lacking = [], set()
    for path in paths:
        answer = browser.get(path)
        if answer.status_code not in (200, 302, 400, 404, 405):
            odd.append([path, answer.status_code])
        if not answer.streaming:
            files = re.findall(rb'(?:src|href)="/static/([^"?]+)', answer.content)
            lacking |= {name.decode() for name in files if not finders.find(name.decode())}
    return {"looked_at": len(paths), "odd": odd, "lacking": sorted(lacking)}


def _names(routes: Any) -> list[str]:
    """The names of all routes, also of included ones."""
    found: list[str] = []
    for route in routes:
        found += _names(route.url_patterns) if hasattr(route, "url_patterns") else [route.name]
    return [name for name in found if name]


def work() -> None:
    """Background work, and the overview afterwards."""
    from django.core.management import call_command

    from analytics.reports.overview import overview

    call_command("analytics_worker", "--once")
    answer = overview(7).as_answer()
    tell("counted", [answer["total_events"] > 4, answer["total_revenue"]])
    call_command("verify_lake")


def tell(name: str, value: Any) -> None:
    """One line."""
    sys.stdout.write(f"{name}: {json.dumps(value)}\n")


if __name__ == "__main__":
    main()

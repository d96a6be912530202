"""Questions that the grammar was made with, and those that it refuses; `asked_unseen.py` has those that measure it.

TODAY is a Wednesday. An entry is a question, its analysis, and the parameters that matter.
"""

from __future__ import annotations

from typing import Any

from analytics.tests.asked_unseen import Asked

_REVENUE = {"property": "revenue_impact", "scope": "column"}


def _trend(*series: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"series": list(series), **more}


def _days(first: str, end: str) -> dict[str, str]:
    return {"date_from": first, "date_to": end}


def _values(name: str, scope: str, limit: int) -> dict[str, Any]:
    return {"property": name, "scope": scope, "limit": limit}


SEEN: tuple[Asked, ...] = (
    (
        "How many events per day?",
        "trends",
        _trend({"measure": "count"}, interval="day", **_days("2026-04-21", "2026-05-21")),
    ),
    (
        "how many users last 30 days",
        "trends",
        _trend({"measure": "persons"}, **_days("2026-04-21", "2026-05-21")),
    ),
    ("total users", "trends", _trend({"measure": "persons"})),
    ("total events this week", "trends", _trend({"measure": "count"}, date_from="2026-05-18")),
    ("how many times did people log in", "trends", _trend({"event": "login", "measure": "count"})),
    ("signups", "trends", _trend({"event": "sign_up", "measure": "count"})),
    (
        "number of sign-ups yesterday",
        "trends",
        _trend({"event": "sign_up"}, interval="hour", **_days("2026-05-19", "2026-05-20")),
    ),
    (
        "sign_up events in the last 24 hours",
        "trends",
        _trend({"event": "sign_up"}, interval="hour", date_from="2026-05-19T12:01:00+02:00"),
    ),
    (
        "logins and signups by week since 2026-03-02",
        "trends",
        _trend({"event": "login"}, {"event": "sign_up"}, interval="week", date_from="2026-03-02"),
    ),
    (
        "How many signups per month in 2025?",
        "trends",
        _trend({"event": "sign_up"}, interval="month", **_days("2025-01-01", "2026-01-01")),
    ),
    (
        "meetup views last week by city",
        "trends",
        _trend(
            {"event": "meetup_viewed"},
            breakdown=_values("city", "event", 10),
            **_days("2026-05-11", "2026-05-18"),
        ),
    ),
    (
        "signups broken down by browser from 1 May to 7 May",
        "trends",
        _trend(
            {"event": "sign_up"},
            breakdown=_values("browser", "column", 10),
            **_days("2026-05-01", "2026-05-08"),
        ),
    ),
    (
        "page views per device this quarter",
        "trends",
        _trend(
            {"event": "$pageview"}, breakdown=_values("device_type", "column", 10), date_from="2026-04-01"
        ),
    ),
    ("top events", "trends", _trend({"measure": "count"}, breakdown=_values("event_name", "column", 10))),
    (
        "What are the top 3 pages this week?",
        "trends",
        _trend({"event": "$pageview"}, breakdown=_values("page_path", "column", 3), date_from="2026-05-18"),
    ),
    (
        "most popular categories by meetup views",
        "trends",
        _trend({"event": "meetup_viewed"}, breakdown=_values("category", "event", 10)),
    ),
    (
        "top 5 plans by revenue",
        "trends",
        _trend({"measure": "sum", **_REVENUE}, breakdown=_values("plan", "event", 5)),
    ),
    (
        "total revenue last month",
        "trends",
        _trend({"measure": "sum", **_REVENUE}, **_days("2026-04-01", "2026-05-01")),
    ),
    ("sum of revenue by week", "trends", _trend({"measure": "sum", **_REVENUE}, interval="week")),
    (
        "average revenue per month this year",
        "trends",
        _trend({"measure": "avg", **_REVENUE}, interval="month", date_from="2026-01-01"),
    ),
    (
        "revenue per user",
        "trends",
        _trend({"measure": "sum", **_REVENUE}, {"measure": "persons"}, formula="A / B"),
    ),
    (
        "average revenue of successful payments",
        "trends",
        _trend({"event": "payment_succeeded", "measure": "avg", **_REVENUE}),
    ),
    (
        "p95 response time by hour yesterday",
        "trends",
        _trend({"measure": "p95", "property": "response_time_ms", "scope": "column"}, interval="hour"),
    ),
    ("maximum rating", "trends", _trend({"measure": "max", "property": "rating", "scope": "event"})),
    ("events per user", "trends", _trend({"measure": "per_person"})),
    (
        "meetup requests per user last 7 days",
        "trends",
        _trend({"event": "meetup_requested", "measure": "per_person"}, date_from="2026-05-14"),
    ),
    ("unique visitors by day", "trends", _trend({"measure": "persons"}, interval="day")),
    ("sessions per day", "trends", _trend({"measure": "sessions"}, interval="day")),
    (
        "signups this month compared with the previous period",
        "trends",
        _trend({"event": "sign_up"}, compare="previous_period", date_from="2026-05-01"),
    ),
    (
        "logins last 7 days vs the week before",
        "trends",
        _trend({"event": "login"}, compare="previous_period", date_from="2026-05-14"),
    ),
    (
        "signups where city is Graz last 14 days",
        "trends",
        _trend(
            {"event": "sign_up"},
            filters={"property": "city", "scope": "event", "operator": "eq", "value": "Graz"},
        ),
    ),
    (
        'meetup views with category = "board games"',
        "trends",
        _trend(
            {"event": "meetup_viewed"},
            filters={"property": "category", "scope": "event", "operator": "eq", "value": "board games"},
        ),
    ),
    (
        "feedback where rating is at least 4",
        "trends",
        _trend(
            {"event": "feedback_given"},
            filters={"property": "rating", "scope": "event", "operator": "gte", "value": 4},
        ),
    ),
    (
        "What's the number of failed logins today?",
        "trends",
        _trend({"event": "login_failed"}, interval="hour", **_days("2026-05-20", "2026-05-21")),
    ),
    ("payments since May 4th", "trends", _trend({"event": "payment_succeeded"}, date_from="2026-05-04")),
    (
        "conversion from sign_up to payment_succeeded",
        "funnel",
        {"steps": [{"event": "sign_up"}, {"event": "payment_succeeded"}], "window_seconds": 604800},
    ),
    (
        "Conversion rate from signup to meetup request to payment within 3 days",
        "funnel",
        {
            "steps": [{"event": "sign_up"}, {"event": "meetup_requested"}, {"event": "payment_succeeded"}],
            "window_seconds": 259200,
        },
    ),
    (
        "funnel: login -> meetup viewed -> meetup requested last month",
        "funnel",
        {
            "steps": [{"event": "login"}, {"event": "meetup_viewed"}, {"event": "meetup_requested"}],
            **_days("2026-04-01", "2026-05-01"),
        },
    ),
    (
        "drop-off between viewing a meetup and requesting it by city",
        "funnel",
        {
            "steps": [{"event": "meetup_viewed"}, {"event": "meetup_requested"}],
            "breakdown": _values("city", "event", 10),
        },
    ),
    (
        "how many users who view a meetup then request it",
        "funnel",
        {"steps": [{"event": "meetup_viewed"}, {"event": "meetup_requested"}]},
    ),
    ("retention", "retention", {"interval": "day", "periods": 15}),
    ("weekly retention of signups", "retention", {"start_event": "sign_up", "interval": "week"}),
    (
        "day 7 retention of users who signed up",
        "retention",
        {"start_event": "sign_up", "interval": "day", "periods": 8},
    ),
    (
        "monthly retention from sign_up to login this year",
        "retention",
        {"start_event": "sign_up", "return_event": "login", "interval": "month", "periods": 5},
    ),
    (
        "how many users who signed up come back to log in",
        "retention",
        {"start_event": "sign_up", "return_event": "login"},
    ),
    ("What do people do after sign_up?", "paths", {"start_event": "sign_up"}),
    (
        "what happens before payment_failed in the last 7 days",
        "paths",
        {"end_event": "payment_failed", "date_from": "2026-05-14"},
    ),
    (
        "paths from login to meetup request",
        "paths",
        {"start_event": "login", "end_event": "meetup_requested"},
    ),
    ("what leads to a meetup cancellation", "paths", {"end_event": "meetup_cancelled"}),
    ("new vs returning users", "lifecycle", {"interval": "day"}),
    ("how many new users this month by week", "lifecycle", {"interval": "week", "date_from": "2026-05-01"}),
    ("stickiness", "stickiness", {"within": "week"}),
    ("how many days a month are people active", "stickiness", {"within": "month"}),
    ("average session length last month", "sessions", _days("2026-04-01", "2026-05-01")),
    ("bounce rate", "sessions", {}),
    ("how many sessions yesterday", "sessions", _days("2026-05-19", "2026-05-20")),
    ("overview", "overview", {"days": 7}),
    ("How are we doing?", "overview", {"days": 7}),
)

#: Not understood: words that mean nothing here, negations, several events that fit, what an analysis cannot do.
REFUSED: tuple[str, ...] = (
    "how many unicorns last week",
    "signups from Austria",
    "users who did not sign up",
    "users without a payment",
    "how many meetups",
    "who signed up",
    "which users signed up",
    "users who logged in twice",
    "users who signed up and paid",
    "first login",
    "signups last week and this week",
    "max signups per day",
    "average session length by browser",
    "conversion from sign_up",
    "conversion from sign_up to unicorns",
    "top 5 unicorns",
    "signups by unicorn",
    "signups where unicorn is big",
    "what is the meaning of life",
    "hourly retention",
    "paths from login by day",
    "stickiness compared with the previous period",
    "overview of last month",
    "average mood of signups",
    "signups since 2026-02-30",
    "signups from 2026-05-07 to 2026-05-01",
    "revenue forecast for next month",
    "select count(*) from analytics_userevent",
    "?",
)

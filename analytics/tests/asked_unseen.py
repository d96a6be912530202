"""Questions that were written before the grammar existed, and that it was never changed for.

They measure how much of what people ask the grammar understands; `asked.py` has those that it was made with. TODAY is
a Wednesday. An entry is a question, its analysis, and the parameters that matter.
"""

from __future__ import annotations

from typing import Any

Asked = tuple[str, str, dict[str, Any]]

UNSEEN: tuple[Asked, ...] = (
    (
        "How many people signed up last month?", "trends",
        {"series": [{"event": "sign_up", "measure": "persons"}], "date_from": "2026-04-01", "date_to": "2026-05-01"},
    ),
    (
        "What were the signups per week since March 1st?", "trends",
        {
            "series": [{"event": "sign_up", "measure": "count"}], "interval": "week",
            "date_from": "2026-03-01", "date_to": "2026-05-21",
        },
    ),
    (
        "Show me daily logins for the past two weeks", "trends",
        {
            "series": [{"event": "login", "measure": "count"}], "interval": "day",
            "date_from": "2026-05-07", "date_to": "2026-05-21",
        },
    ),
    (
        "Which cities have the most meetup views this month?", "trends",
        {
            "series": [{"event": "meetup_viewed", "measure": "count"}], "date_from": "2026-05-01",
            "breakdown": {"property": "city", "scope": "event", "limit": 10},
        },
    ),
    (
        "How much revenue did we make in April?", "trends",
        {
            "series": [{"measure": "sum", "property": "revenue_impact", "scope": "column"}],
            "date_from": "2026-04-01", "date_to": "2026-05-01",
        },
    ),
    (
        "What is the conversion from viewing a meetup to requesting it?", "funnel",
        {"steps": [{"event": "meetup_viewed"}, {"event": "meetup_requested"}]},
    ),
    (
        "How many users who sign up end up paying?", "funnel",
        {"steps": [{"event": "sign_up"}, {"event": "payment_succeeded"}]},
    ),
    ("Do people come back after they sign up?", "retention", {"start_event": "sign_up"}),
    ("What's our weekly retention for the last 8 weeks?", "retention", {"interval": "week"}),
    ("What do users do right after logging in?", "paths", {"start_event": "login"}),
    ("What happens before someone cancels a meetup?", "paths", {"end_event": "meetup_cancelled"}),
    ("How long is the average session?", "sessions", {}),
    ("Are we growing? new versus returning users by week", "lifecycle", {"interval": "week"}),
    (
        "How many failed payments were there yesterday?", "trends",
        {
            "series": [{"event": "payment_failed", "measure": "count"}],
            "date_from": "2026-05-19", "date_to": "2026-05-20",
        },
    ),
    (
        "average rating of feedback by city in the last 90 days", "trends",
        {
            "series": [{"event": "feedback_given", "measure": "avg", "property": "rating", "scope": "event"}],
            "breakdown": {"property": "city", "scope": "event", "limit": 10}, "date_to": "2026-05-21",
        },
    ),
    (
        "Number of meetups created this year by month", "trends",
        {
            "series": [{"event": "meetup_created", "measure": "count"}], "interval": "month",
            "date_from": "2026-01-01",
        },
    ),
    (
        "compare logins this week with last week", "trends",
        {
            "series": [{"event": "login", "measure": "count"}], "compare": "previous_period",
            "date_from": "2026-05-18", "date_to": "2026-05-21",
        },
    ),
    (
        "What is the most viewed page?", "trends",
        {"breakdown": {"property": "page_path", "scope": "column", "limit": 10}},
    ),
    (
        "How many active users do we have per day?", "trends",
        {"series": [{"measure": "persons"}], "interval": "day"},
    ),
    ("how sticky is the product", "stickiness", {}),
    (
        "What percentage of requests get accepted?", "funnel",
        {"steps": [{"event": "meetup_requested"}, {"event": "meetup_request_accepted"}]},
    ),
    (
        "top 5 browsers by number of users last 7 days", "trends",
        {
            "series": [{"measure": "persons"}], "date_from": "2026-05-14", "date_to": "2026-05-21",
            "breakdown": {"property": "browser", "scope": "column", "limit": 5},
        },
    ),
    ("Give me a summary of the last 14 days", "overview", {"days": 14}),
    (
        "median response time of api calls per hour today", "trends",
        {
            "series": [
                {"event": "api_call", "measure": "p50", "property": "response_time_ms", "scope": "column"}
            ],
            "interval": "hour", "date_from": "2026-05-20", "date_to": "2026-05-21",
        },
    ),
)  # fmt: skip

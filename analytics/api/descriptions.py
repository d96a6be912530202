"""What the API's description says of each operation beyond its shapes: a sentence or two, an example, its errors.

Every operation has an entry here, and every example fits its shape; tests see to both.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from analytics.api.auth import Permission
from analytics.api.limits import Limit
from analytics.api.operation import Operation

_UUID = "6f1f0a5e-3f0b-4a53-8f0e-0a4f3f0b8c11"
_RANGE = {"date_from": "2026-05-04", "date_to": "2026-05-11", "timezone": "Europe/Berlin"}
_PROOF = " The proof says which rows the figures were counted from, how fresh they are and what counted them."
_PAGES = " A page ends with `next_cursor`, which asks for the next one; it is null on the last page."
_QUERY = " The same question as by POST, for a browser's cache: the answer has an ETag."


@dataclass(frozen=True)
class Described:
    """`text` is Markdown; `body` an example of the request's, `answer` of the answer's; `errors` its own statuses."""

    text: str
    body: dict[str, Any] | None = None
    answer: dict[str, Any] | None = None
    errors: tuple[int, ...] = ()


#: What the statuses of errors mean, with an example each.
ERRORS: dict[int, tuple[str, dict[str, str]]] = {
    400: (
        "The request breaks a rule that its shape does not show",
        {"detail": "a range ends after it starts", "code": "bad_range"},
    ),
    401: (
        "No credential, or one that does not hold",
        {"detail": "the access token does not hold; log in or refresh", "code": "invalid_token"},
    ),
    403: (
        "The credential holds and does not reach this far",
        {"detail": "this is for staff", "code": "staff_only"},
    ),
    404: (
        "There is no such thing, or it is not yours to see",
        {"detail": "there is no such person", "code": "not_found"},
    ),
    409: (
        "The state of things forbids it",
        {"detail": "this merge has been undone already", "code": "already_undone"},
    ),
    413: (
        "The body is too large",
        {"detail": "the body is too large; send less at once", "code": "body_too_large"},
    ),
    422: (
        "The request does not fit its shape",
        {"detail": "days: Input should be less than or equal to 30", "code": "invalid_input"},
    ),
    429: (
        "Too many requests; `Retry-After` says when to come back",
        {"detail": "at most 600 requests a minute; try again in 12 s", "code": "rate_limited"},
    ),
    503: (
        "Try again later, after `Retry-After` seconds: overload, or the database is away",
        {"detail": "the database is away; try again", "code": "unavailable"},
    ),
}


def described(operation: Operation) -> Described:
    """What is said of an operation; the summary alone where there is no entry yet."""
    return DESCRIPTIONS.get(operation.name) or Described(operation.summary)


def statuses_of(operation: Operation) -> tuple[int, ...]:
    """The statuses of an operation's errors, ascending."""
    found = {503, *described(operation).errors}
    if operation.query is not None or operation.body is not None:
        found |= {400, 422}
    if operation.body is not None:
        found.add(413)
    if operation.permission is not Permission.PUBLIC:
        found.add(401)
    if operation.permission in (Permission.USER, Permission.ANALYST, Permission.STAFF):
        found.add(403)
    if "{" in operation.path:
        found |= {404, 422}
    if operation.limit is not Limit.NONE:
        found.add(429)
    return tuple(sorted(found))


DESCRIPTIONS: dict[str, Described] = {
    "log_in": Described(
        "A pair of tokens. The access token goes into `Authorization: Bearer ...` and lives ten minutes; the refresh "
        "token renews it for seven days. Five failures lock a name from one address for a quarter of an hour, and "
        "nothing tells whether the name is known.",
        body={"username": "ada", "password": "correct-horse-battery"},
        answer={"access": "eyJhbGciOiJIUzI1NiJ9.eyJqdGkiOiIxIn0.c2ln", "refresh": "eyJhbGciOiJIUzI1NiJ9.e30.c2ln"},
        errors=(401,),
    ),
    "renew": Described(
        "A new pair of tokens for a refresh token, which is used up by it.",
        body={"refresh": "eyJhbGciOiJIUzI1NiJ9.e30.c2ln"},
        errors=(401,),
    ),
    "log_out": Described(
        "Revokes a refresh token. Access tokens made of it run out within ten minutes.",
        body={"refresh": "eyJhbGciOiJIUzI1NiJ9.e30.c2ln"},
        answer={"revoked": True},
        errors=(401,),
    ),
    "track_event": Described(
        "Stores one event; 200 means that the database has committed it. With an access token the event belongs to "
        "that user, whatever it says; with an ingest key it names an `anonymous_id` or a `distinct_id`. The same "
        "`uuid` twice is stored once.",
        body={"event_name": "meetup_viewed", "metadata": {"meetup": 7, "city": "Graz"}, "uuid": _UUID},
        answer={"uuid": _UUID, "outcome": "stored"},
    ),
    "get_receipt": Described(
        "What became of one event: stored, a duplicate, or rejected and why. A user sees the receipts of their own "
        "events, an ingest key those that it brought, staff all.",
        answer={
            "uuid": _UUID, "outcome": "stored", "reason": None, "received_at": "2026-05-04T10:00:00Z",
            "stored_at": "2026-05-04T10:00:00Z", "sealed": True, "forwarded_at": None, "warnings": [],
        },
    ),
    "get_ledger": Described(
        "The account of all received events: `received = stored + duplicate + quarantined + sum(rejected)`, to the "
        "event, by hours of arrival.",
        answer={
            "received": 1003, "stored": 1000, "duplicate": 2, "quarantined": 0, "rejected": {"missing_name": 1},
        },
    ),
    "get_overview": Described(
        "The last days up to now. Analysts and staff see everybody's figures; a user sees those of their own events, "
        "and insights about themself." + _PROOF,
        answer={
            "total_events": 1200, "total_users": 85, "total_revenue": 310.5, "active_users_today": 21,
            "conversion_rate": 4.7059, "avg_session_length": 312.4, "top_insights": [], "alerts": [],
            "proof": {
                "fresh_to": "2026-05-11T08:00:00Z", "rows_read": 1200, "lake_version": 12,
                "definition": "overview/1", "sql": "select ...", "duration_ms": 8.1,
            },
        },
    ),
    "merge_persons": Described(
        "Joins persons into one, or with `dry_run` says what that would join. A merge can be taken back.",
        body={"target": _UUID, "sources": ["0b9f8b7e-58c7-4c39-9d0c-5e2b8f0c6a10"], "dry_run": True},
        answer={"persons": 2, "distinct_ids": 3, "events": 41, "merge_ids": []},
        errors=(404, 409),
    ),
    "undo_merge": Described(
        "Takes one merge back; both are persons of their own again.",
        answer={"merge_id": 7, "undone_at": "2026-05-04T10:00:00Z"},
        errors=(409,),
    ),
    "analyze_sentiment": Described(
        "Whether a text is positive, negative or neutral, how much, and how sure that is. No text leaves this "
        "deployment unless an outside model is set up.",
        body={"text": "I love this event!"},
    ),
    "analyze_user_behavior": Described(
        "What a user did, likes and may do, over the last days. Users may ask about themself alone; to anybody "
        "else's number the answer is 404, as to one that nobody has.",
        body={"user_id": 7, "days": 30},
        errors=(404,),
    ),
    "predict_attendance": Described(
        "The chance that a user comes to an event of the host application, and what it rests on. Users may ask "
        "about themself alone.",
        body={"user_id": 7, "event_id": 31},
        errors=(404,),
    ),
    "predict_churn": Described(
        "A score of how likely a user stays away, and what it rests on. Users may ask about themself alone.",
        body={"user_id": 7},
        errors=(404,),
    ),
    "calculate_metrics": Described(
        "Works the metrics of a day out and keeps them, then looks at all thresholds. Without a day it is the present "
        "one, and days for which events came late are worked out again. It may run as often as one likes.",
        body={"date": "2026-05-04", "metric_types": ["kpi"]},
        answer={
            "date": "2026-05-04",
            "kpis": {
                "daily_active_users": {
                    "value": 812.0, "previous_value": 790.0, "change_percentage": 2.7848, "change_direction": "up",
                    "unit": "persons", "state": "ok", "target_value": None, "is_open": False,
                    "period_start": "2026-05-03T22:00:00Z",
                }
            },
            "kris": {}, "krs": {}, "custom": {}, "alert_count": 0, "alerts": [], "status": "completed",
        },
    ),
    "list_metrics": Described(
        "Every metric with its definition, target and thresholds, its newest value and how that stands: `ok`, "
        "`warning`, `critical`, `open` (the day has to end first) or `no_data`.",
        answer={"metrics": []},
    ),
    "get_metric": Described(
        "A metric day by day, by default the last 90 days, with the alerts of that time; with a `dimension` also its "
        "parts.",
        errors=(404,),
    ),
    "explain_metric": Described(
        "What the change from the days before is made of: parts that sum up to it exactly. Active users and revenue "
        "have such a tree." + _PROOF,
        errors=(404,),
    ),
    "decide_metric": Described(
        "Sets target, thresholds or owner of a metric, or silences its alerts until a time. What is not named stays; "
        "null gives back what the metric declares.",
        body={"warning_threshold": 500, "critical_threshold": 300},
        errors=(404,),
    ),
    "list_alerts": Described(
        "Alerts, open ones first, at most 200. An alert opens once, may become critical once, and ends when the value "
        "is well back.",
        answer={"alerts": []},
    ),
    "handle_alert": Described(
        "Acknowledges an alert or takes that back; silences it until a time.",
        body={"acknowledged": True, "muted_until": "2026-05-05T08:00:00Z"},
        errors=(404,),
    ),
    "detect_anomalies": Described(
        "Periods of a metric whose value its past did not let expect, by robust z-score or with weekdays in mind.",
        body={"metric_name": "daily_active_users", "days": 28, "method": "seasonal"},
        answer={"anomalies": []},
        errors=(404,),
    ),
    "cluster_users": Described(
        "Finds personas anew among all users; without a number as many as the users bear out.",
        body={"n_clusters": 4},
    ),
    "list_models": Described(
        "Each prediction model: what it was learned from, how good it was on a time that it had not seen, beside the "
        "base rate, and why it is or is not in use.",
        answer={"models": []},
    ),
    "find_insights": Described(
        "Insights of these types and this priority, the newest first. Analysts and staff see all, a user those about "
        "themself.",
        body={"insight_types": ["churn_risk"], "priority": "high", "limit": 20},
        answer={
            "insights": [], "total_count": 0, "pagination": {"limit": 20, "offset": 0, "has_more": False},
            "scoreboard": [],
        },
    ),
    "list_insights": Described(
        "The same for a query string, with one type. Analysts and staff see all, a user those about themself."
    ),
    "generate_insights": Described(
        "Makes profiles and insights now instead of at the next turn of the schedule.",
        answer={"insights_created": 3, "profiles": 41, "is_running": False},
    ),
    "judge_insight": Described(
        "Says whether an insight was right. Types that are often wrong are muted.",
        body={"status": "validated", "validation_notes": "Came true in May."},
    ),
    "query_trends": Described(
        "Measures of events over time: up to 26 series, broken down by a property, compared with the period before, "
        "or put into a formula. Every bucket of the range is there." + _PROOF,
        body={**_RANGE, "series": [{"event": "meetup_viewed", "measure": "persons"}], "interval": "day"},
    ),
    "query_funnel": Described(
        "How many persons get how far through steps within a window from the first." + _PROOF,
        body={
            **_RANGE, "steps": [{"event": "meetup_viewed"}, {"event": "meetup_requested"}], "window_seconds": 86_400,
        },
    ),
    "funnel_persons": Described(
        "Who reached a step of a funnel, or was lost right before it: the funnel as `POST /query/funnel` takes it, "
        "without a breakdown, and the step, counted from 1." + _PAGES,
        body={
            **_RANGE, "steps": [{"event": "meetup_viewed"}, {"event": "meetup_requested"}], "window_seconds": 86_400,
            "step": 2, "outcome": "dropped",
        },
    ),
    "query_retention": Described(
        "Of the persons who started in a period, how many came back in each period after it." + _PROOF,
        body={**_RANGE, "start_event": "sign_up", "interval": "day", "periods": 7, "kind": "first_time"},
    ),
    "query_paths": Described(
        "Which event follows which, within sessions or for a person." + _PROOF,
        body={**_RANGE, "start_event": "sign_up", "max_steps": 5, "within": "session"},
    ),
    "query_lifecycle": Described(
        "New, returning, resurrecting and dormant persons in each period." + _PROOF,
        body={**_RANGE, "interval": "day"},
    ),
    "query_stickiness": Described(
        "On how many days of a week or month persons are there." + _PROOF, body={**_RANGE, "within": "week"}
    ),
    "query_sessions": Described(
        "Sessions: how many, how long, how busy, and how many of a single event." + _PROOF, body=dict(_RANGE)
    ),
    "get_retention": Described("Retention by query string." + _QUERY),
    "get_paths": Described("Paths by query string." + _QUERY),
    "get_lifecycle": Described("The lifecycle by query string." + _QUERY),
    "get_stickiness": Described("Stickiness by query string." + _QUERY),
    "get_sessions": Described("Sessions by query string." + _QUERY),
    "ask": Described(
        "A question in English becomes one of the analyses, never SQL. `parameters` is the body that "
        "`POST /query/<analysis>` takes for the same answer. A small grammar knows the common questions; where a "
        "language model is set up, it is asked about the others, and told names of events and properties only. What "
        "nobody understands is 400 `not_understood`, with examples and the nearest names of events." + _PROOF,
        body={"question": "How many sign_up events last week by country?"},
    ),
    "list_reports": Described(
        "Questions that were saved: those that are shared, and the caller's own; staff see all. `fault` says why one "
        "can no longer be asked." + _PAGES,
        answer={"reports": [], "next_cursor": None},
    ),
    "make_report": Described(
        "Saves the body of `POST /query/<analysis>` under a name. It is judged as if it were asked; its range is "
        "`days`, the last ones up to the present, or two dates.",
        body={
            "name": "Buyers", "analysis": "trends", "is_shared": True,
            "question": {"days": 30, "series": [{"event": "paid", "measure": "persons"}], "interval": "day"},
        },
    ),
    "get_report": Described("One saved report. One that is neither shared nor the caller's own is not there."),
    "change_report": Described(
        "Changes what is named. Analysts change their own, staff all.", body={"name": "Buyers by day"}
    ),
    "delete_report": Described(
        "Deletes a report with its places on dashboards, its links and its subscriptions.",
        answer={"deleted": True},
    ),
    "answer_report": Described(
        "The answer to a saved report, in the shape of `POST /query/<analysis>`. A question that no longer fits is 400 "
        "and says why." + _PROOF
    ),
    "list_boards": Described(
        "Dashboards: those that are shared, and the caller's own; staff see all." + _PAGES,
        answer={"boards": [], "next_cursor": None},
    ),
    "make_board": Described(
        "A dashboard of reports in an order. With `days`, or `first_on` and `last_on`, all of them show the same days.",
        body={
            "name": "Mornings", "days": 7, "is_shared": True,
            "tiles": [{"report": _UUID, "width": "full"}],
        },
        errors=(404,),
    ),
    "get_board": Described("One dashboard with its tiles in order."),
    "change_board": Described(
        "Changes what is named; `tiles` replaces all. Analysts change their own, staff all.",
        body={"days": None, "tiles": [{"report": _UUID}]},
    ),
    "delete_board": Described(
        "Deletes a dashboard; its reports stay.", answer={"deleted": True}
    ),
    "answer_board": Described(
        "The answers of all tiles in their order. A tile that has none says why in `fault`." + _PROOF
    ),
    "list_annotations": Described(
        "What happened on which day; both days of the range are included.", answer={"annotations": []}
    ),
    "make_annotation": Described(
        "A note on a date, which every chart over time shows.",
        body={"happened_on": "2026-05-04", "text": "New prices"},
    ),
    "delete_annotation": Described(
        "Deletes a note. Analysts delete their own, staff all.", answer={"deleted": True}
    ),
    "list_persons": Described(
        "Persons by text or cohort. Staff see everybody, others themself alone." + _PAGES
    ),
    "get_person": Described(
        "All that is known of a person. Staff may ask for everybody, others for themself alone."
    ),
    "list_person_events": Described(
        "What a person did, the newest first. Staff may ask for everybody, others for themself alone." + _PAGES
    ),
    "export_person": Described(
        "What a person who asks for their data is handed: ids, properties, events, profile, insights, receipts and "
        "refused events, as one JSON document. A user gets their own, staff anybody's."
    ),
    "erase_person": Described(
        "Erases a person everywhere, for good, and answers with a certificate. Events that come later under an "
        "erased id are refused."
    ),
    "list_cohorts": Described("Named sets of persons." + _PAGES, answer={"cohorts": [], "next_cursor": None}),
    "get_cohort": Described("One cohort and its definition."),
    "make_cohort": Described(
        "A cohort by what persons did, by what the host application knows of them, or of named distinct ids.",
        body={
            "name": "Payers", "kind": "behavioural",
            "definition": {"event": "payment_succeeded", "within_days": 30, "at_least": 2},
        },
        errors=(409,),
    ),
    "delete_cohort": Described(
        "Deletes a cohort that no other one names.", answer={"deleted": True}, errors=(409,)
    ),
    "list_properties": Described(
        "Names of the properties that events have, the most frequent first, from a sample." + _PROOF
    ),
    "list_property_values": Described(
        "Values of a property as texts, the most frequent first." + _PROOF, errors=(404,)
    ),
    "export_events": Described(
        "Stored events as CSV, JSON lines or Parquet, sent while they are read. Cells of CSV are safe against "
        "formulas."
    ),
    "make_dataset": Described(
        "Takes on a file of events, sent along as multipart/form-data or lying below the import folder; a worker "
        "imports it.",
        body={"path": "march.csv", "format": "csv", "mapping": {"distinct_id": "user", "timestamp": "when"}},
        answer={"id": 3},
        errors=(404, 409),
    ),
    "get_dataset": Described(
        "How far an import is.",
        answer={
            "state": "running", "processed": 5000, "total": 20000, "rejected": 3, "duplicates": 0, "error": "",
        },
    ),
    "get_health": Described(
        "Whether events can be stored, for balancers: 200 or 503. The parts are asked once in five seconds, however "
        "often this is.",
        answer={
            "status": "healthy", "timestamp": "2026-05-04T10:00:00Z",
            "components": {
                "database": "healthy", "ai_services": "degraded", "posthog": "disabled", "recent_events": 100,
            },
        },
    ),
    "get_detailed_health": Described(
        "Whether every part that is switched on answers, and in how many milliseconds; 503 where one does not.",
    ),
    "get_debug_info": Described(
        "Versions, numbers of rows (estimated where there are many), queue lengths, and how often the cache knew the "
        "answer. What does not answer in time is null.",
    ),
}  # fmt: skip

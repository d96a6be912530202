"""The analyses through both servers: figures of a stream that is counted by hand, and what is said to wrong input."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any, get_args

from django.contrib.auth.models import Group, User

from analytics import clock
from analytics.api import query_shapes
from analytics.models import Cohort
from analytics.store.groups import ANALYSTS
from analytics.store.sealing import seal_all
from analytics.tests.cast import TOKEN, posthog_event, send_batch
from analytics.tests.servers import API, ServersTestCase
from eventlake.analyses.measures import Measure
from eventlake.analyses.properties import Scope
from eventlake.periods import Interval

NOW = datetime(2026, 5, 8, 12, tzinfo=UTC)
PROOF = {"fresh_to", "rows_read", "lake_version", "definition", "sql", "duration_ms"}
DAYS = {"date_from": "2026-05-04", "date_to": "2026-05-07", "timezone": "UTC"}
BUCKETS = [f"2026-05-0{day}T00:00:00Z" for day in (4, 5, 6)]


def send_stream() -> None:
    """Three persons over three days."""
    for day, clock_time, who, name, properties in (
        ("04", "08:00", "u1", "view", {"plan": "pro"}),
        ("04", "08:10", "u1", "paid", {"plan": "pro", "revenue": 10}),
        ("05", "09:00", "u1", "view", {"plan": "pro"}),
        ("04", "09:00", "u2", "view", {"plan": "free"}),
        ("04", "09:20", "u2", "view", {"plan": "free"}),
        ("05", "10:00", "u3", "view", {}),
        ("06", "10:00", "u3", "paid", {"plan": "team", "revenue": 5}),
    ):
        at = f"2026-05-{day}T{clock_time}:00Z"
        send_batch(posthog_event(name, who, timestamp=at, properties=properties))


def make_analyst(user: User) -> None:
    """Put a user into the group that may read all analyses."""
    Group.objects.get(name=ANALYSTS).user_set.add(user)


class WhoMayAskTest(ServersTestCase):
    def test_analyses_are_for_analysts_and_staff(self) -> None:
        paths = ("query/sessions", "properties", "properties/plan/values", "cohorts")
        for call in self.servers():
            for path in paths:
                self.check_refused(
                    call, "GET", f"{API}/{path}", 403, "analysts_only", user=self.alice, query=DAYS
                )
            found = call("GET", f"{API}/query/sessions", user=self.sam, query=DAYS)
            self.assertEqual(found.status, 200)


class QueryTest(ServersTestCase):
    def setUp(self) -> None:
        super().setUp()
        make_analyst(self.alice)
        self.enterContext(clock.frozen(NOW))
        send_stream()

    def asked(self, call: Any, name: str, **question: Any) -> Any:
        found = call("POST", f"{API}/query/{name}", {**DAYS, **question}, self.alice)
        self.assertEqual(found.status, 200, found.body)
        self.assertEqual(set(found.body.pop("proof")), PROOF)
        return found.body

    def test_trends(self) -> None:
        views = {"event": "view", "measure": "count"}
        for call in self.servers():
            found = self.asked(call, "trends", series=[views, {**views, "measure": "persons", "label": "P"}])
            self.assertEqual(found["buckets"], BUCKETS)
            self.assertEqual([(s["label"], s["values"], s["total"]) for s in found["series"]],
                             [("view", [3, 2, 0], 5), ("P", [2, 2, 0], 3)])  # fmt: skip
            self.assertIsNone(found["previous"])
            money = {"event": "paid", "measure": "sum", "property": "revenue_impact", "scope": "column"}
            ratio = self.asked(
                call,
                "trends",
                series=[money, views],
                formula="A / B",
                interval="week",
                compare="previous_period",
            )
            self.assertEqual((ratio["series"][0]["values"], ratio["series"][0]["total"]), ([3.0], 3.0))
            self.assertEqual(ratio["previous"]["series"][0]["total"], None)

    def test_trends_by_a_property_in_a_zone(self) -> None:
        for call in self.servers():
            found = self.asked(
                call, "trends", series=[{"event": "view"}], timezone="Europe/Vienna",
                breakdown={"property": "plan", "limit": 2},
            )  # fmt: skip
            self.assertEqual(found["buckets"][0], "2026-05-04T00:00:00+02:00")
            self.assertEqual(
                [(s["breakdown_value"], s["is_other"], s["total"]) for s in found["series"]],
                [("free", False, 2), ("pro", False, 2), ("$other", True, 1)],
            )

    def test_who_is_behind_a_step_of_a_funnel(self) -> None:
        funnel = {**DAYS, "steps": [{"event": "view"}, {"event": "paid"}], "window_seconds": 3600}
        for call in self.servers():
            for step, outcome, who in (
                (1, "reached", ["u1", "u2", "u3"]),
                (2, "reached", ["u1"]),
                (2, "dropped", ["u2", "u3"]),
            ):
                body = {**funnel, "step": step, "outcome": outcome}
                found = call("POST", f"{API}/query/funnel/persons", user=self.sam, body=body).body
                self.assertEqual(found["total"], len(who))
                ids = sorted(name for person in found["persons"] for name in person["distinct_ids"])
                self.assertEqual(ids, who)
            body = {**funnel, "step": 3}
            self.check_refused(
                call, "POST", f"{API}/query/funnel/persons", 400, "bad_question", user=self.sam, body=body
            )

    def test_funnel(self) -> None:
        steps = [{"event": "view"}, {"event": "paid"}]
        for call in self.servers():
            found = self.asked(call, "funnel", steps=steps, window_seconds=86_400)
            self.assertEqual(
                found["steps"],
                [
                    {"event": "view", "persons": 3, "conversion_ratio": 1.0, "previous_ratio": 1.0,
                     "median_seconds_from_previous": None},
                    {"event": "paid", "persons": 2, "conversion_ratio": 2 / 3, "previous_ratio": 2 / 3,
                     "median_seconds_from_previous": 43_500.0},
                ],
            )  # fmt: skip
            self.assertIsNone(found["breakdowns"])
            rich = {"event": "paid", "filters": {"property": "revenue", "operator": "gt", "value": 5}}
            by_plan = self.asked(
                call, "funnel", steps=[{"event": "view"}, rich], window_seconds=3600, breakdown={"property": "plan"},
                attribution="last", exclusions=[{"event": "left", "from_step": 1, "to_step": 2}],
            )  # fmt: skip
            self.assertEqual([(g["value"], [s["persons"] for s in g["steps"]]) for g in by_plan["breakdowns"]],
                             [("free", [1, 0]), ("pro", [1, 1]), (None, [1, 0])])  # fmt: skip

    def test_retention_by_body_and_by_query_string(self) -> None:
        question = {"start_event": "view", "return_event": "view", "interval": "day", "periods": 2}
        for call in self.servers():
            found = self.asked(call, "retention", **question, kind="first_time")
            expected = [(BUCKETS[0], 2, [2, 1]), (BUCKETS[1], 1, [1, 0]), (BUCKETS[2], 0, [0, None])]
            self.assertEqual([(c["start"], c["size"], c["returned"]) for c in found["cohorts"]], expected)
            same = call("GET", f"{API}/query/retention", user=self.alice, query={**DAYS, **question})
            self.assertEqual(same.body["cohorts"], found["cohorts"])

    def test_paths_lifecycle_stickiness_and_sessions_by_body_and_by_query_string(self) -> None:
        expected: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
            "paths": ({"within": "person"}, {"links": [
                {"step": 1, "source": "view", "target": "paid", "persons": 2, "count": 2},
                {"step": 2, "source": "paid", "target": "view", "persons": 1, "count": 1}]}),
            "lifecycle": ({"interval": "day"}, {"buckets": BUCKETS, "new": [2, 1, 0], "returning": [0, 1, 1],
                                                "resurrecting": [0, 0, 0], "dormant": [0, -1, -1]}),
            "stickiness": ({"interval": "day", "within": "week"},
                           {"counts": [1, 2, 3, 4, 5, 6, 7], "persons": [1, 2, 0, 0, 0, 0, 0]}),
            "sessions": ({}, {"sessions": 5, "avg_seconds": 360.0, "median_seconds": 0.0,
                              "events_per_session": 1.4, "bounce_ratio": 0.6}),
        }  # fmt: skip
        for call in self.servers():
            for name, (question, answer) in expected.items():
                self.assertEqual(self.asked(call, name, **question), answer, name)
                found = call("GET", f"{API}/query/{name}", user=self.alice, query={**DAYS, **question})
                self.assertEqual({key: found.body[key] for key in answer}, answer, name)

    def test_filters_and_cohorts_reach_the_analysis(self) -> None:
        cohort = Cohort.objects.create(
            name="payers", kind="behavioural", definition={"event": "paid", "within_days": 30}
        )
        mine = {"all": [{"cohort": cohort.pk}, {"property": "plan", "operator": "is_set"}]}
        for call in self.servers():
            found = self.asked(call, "trends", series=[{"measure": "persons"}], filters=mine)
            self.assertEqual(found["series"][0]["values"], [1, 1, 1])
            asked = {**DAYS, "filters": json.dumps(mine)}
            found = call("GET", f"{API}/query/sessions", user=self.alice, query=asked)
            self.assertEqual((found.body["sessions"], "etag" in found.headers), (3, False))

    def test_an_instant_may_bound_the_range_and_a_naive_one_is_of_the_zone(self) -> None:
        for call in self.servers():
            for date_from in ("2026-05-04T10:10:00", "2026-05-04T08:10:00Z", "2026-05-04T10:10:00 02:00"):
                found = self.asked(
                    call, "trends", series=[{}], timezone="Europe/Vienna", date_from=date_from,
                    date_to="2026-05-04T11:00:00+02:00", interval="hour",
                )  # fmt: skip
                self.assertEqual(found["series"][0]["total"], 1, date_from)

    def test_a_read_that_has_not_changed_is_304(self) -> None:
        path = f"{API}/query/lifecycle"
        for call in self.servers():
            first = call("GET", path, user=self.alice, query=DAYS)
            tag = {"If-None-Match": f'"other", {first.headers["etag"]}'}
            self.assertTrue(first.headers["etag"].startswith('W/"'))
            again = call("GET", path, user=self.alice, query=DAYS, headers=tag)
            self.assertEqual((again.status, again.content), (304, b""))
            self.assertEqual(again.headers["etag"], first.headers["etag"])
            self.assertEqual(call("GET", path, user=self.sam, query=DAYS, headers=tag).status, 200)
            other = {**DAYS, "interval": "week"}
            self.assertEqual(call("GET", path, user=self.alice, query=other, headers=tag).status, 200)
            send_batch(posthog_event("view", "u9", timestamp="2026-05-06T08:00:00Z"))
            self.assertEqual(call("GET", path, user=self.alice, query=DAYS, headers=tag).status, 200)

    def test_sealed_events_count_like_fresh_ones(self) -> None:
        before = self.asked(self.fast, "trends", series=[{"event": "view"}])
        seal_all()
        self.assertEqual(self.asked(self.fast, "trends", series=[{"event": "view"}]), before)

    def test_wrong_input_is_told_with_its_place(self) -> None:
        steps = [{"event": "a"}, {"event": "b"}]
        trend = {"series": [{"event": "a"}]}
        bad_filter = {"property": "p", "operator": "equals", "value": 1}
        cases: list[tuple[str, dict[str, Any], int, str, str]] = [
            ("trends", {}, 422, "invalid_input", "series: Field required"),
            ("trends", {"series": []}, 422, "invalid_input", "series"),
            ("trends", {**trend, "date_from": "yesterday"}, 422, "invalid_input", "date_from.*ISO date"),
            ("trends", {**trend, "date_from": "0001-01-01"}, 422, "invalid_input", "date_from.*year from 1970"),
            ("trends", {**trend, "date_to": "2026-05-01"}, 400, "bad_range", "date_to: the range ends before"),
            ("trends", {**trend, "timezone": "Mars/Base"}, 400, "bad_zone", "timezone: .*IANA"),
            ("trends", {**trend, "interval": "year"}, 422, "invalid_input", "interval"),
            ("trends", {**trend, "surprise": 1}, 422, "invalid_input", "surprise"),
            ("trends", {**trend, "filters": bad_filter}, 400, "bad_filter", r"filters\.operator: one of"),
            ("trends", {**trend, "filters": []}, 422, "invalid_input", "filters"),
            ("trends", {**trend, "filters": {"cohort": 99}}, 400, "unknown_cohort", "no cohort 99"),
            ("trends", {"series": [{}, {"filters": {"x": 1}}]}, 400, "bad_filter", r"series\[1\]\.filters: exactly"),
            ("trends", {"series": [{"measure": "sum"}]}, 400, "bad_question", r"series\[0\]: .*needs a property"),
            ("trends", {**trend, "formula": "A /"}, 400, "bad_question", "formula"),
            ("trends", {**trend, "breakdown": {"property": "x", "scope": "column"}}, 400, "bad_filter", "breakdown"),
            ("trends", {"series": [{"event": "\ud800"}]}, 422, "invalid_input", "event"),
            ("trends", {**trend, "filters": {"property": "a", "value": "\ud800"}}, 400, "bad_text", "surrogate"),
            ("trends", {**trend, "filters": {"property": "a", "value": "\x00"}}, 400, "bad_text", "null"),
            ("trends", {**trend, "filters": {"property": "a", "value": 10**400}}, 400, "bad_question", "finite"),
            ("trends", {**trend, "filters": {"property": "a", "value": float("nan")}}, 400, "bad_question", "finite"),
            ("trends", {**trend, "interval": float("inf")}, 422, "invalid_input", "interval"),
            ("trends", {**trend, "filters": {"property": "a", "operator": "regex", "value": "("}},
             400, "bad_question", "missing"),
            ("trends", {**trend, "interval": "hour", "date_from": "1990-01-01"}, 400, "bad_question", "buckets"),
            ("funnel", {"steps": steps[:1], "window_seconds": 9}, 422, "invalid_input", "steps"),
            ("funnel", {"steps": steps, "window_seconds": 0}, 422, "invalid_input", "window_seconds"),
            ("funnel", {"steps": steps, "window_seconds": 9, "order": "unordered",
                        "exclusions": [{"event": "c", "from_step": 1, "to_step": 2}]}, 400, "bad_question", "order"),
            ("funnel", {"steps": [{"event": "a", "filters": {}}, {"event": "b", "filters": {"not": 1}}],
                        "window_seconds": 9}, 400, "bad_filter", r"steps\[1\]\.filters\.not"),
            ("retention", {"interval": "hour"}, 422, "invalid_input", "interval"),
            ("paths", {"max_steps": 1}, 422, "invalid_input", "max_steps"),
            ("stickiness", {"within": "day"}, 422, "invalid_input", "within"),
        ]  # fmt: skip
        for call in self.servers():
            for name, question, status, code, detail in cases:
                with self.subTest(name, **question):
                    body = {**DAYS, **question}
                    found = self.check_refused(
                        call, "POST", f"{API}/query/{name}", status, code, body=body, user=self.alice
                    )
                    self.assertRegex(found, detail)
            for query, status, code in (
                ({**DAYS, "filters": "{"}, 400, "bad_filter"),
                ({**DAYS, "filters": "[1]"}, 400, "bad_filter"),
                ({"date_from": "2026-05-04"}, 422, "invalid_input"),
            ):
                self.check_refused(
                    call, "GET", f"{API}/query/sessions", status, code, query=query, user=self.alice
                )

    def test_a_body_that_is_no_tree_is_told_on_both_servers_alike(self) -> None:
        deep: dict[str, Any] = {"cohort": 1}
        for _ in range(300):
            deep = {"not": deep}
        body = {**DAYS, "series": [{}], "filters": deep}
        kind = {"Content-Type": "application/json"}
        for call in self.servers():
            path = f"{API}/query/trends"
            self.check_refused(call, "POST", path, 422, "invalid_input", body=body, user=self.alice)
            for content, status, code in (
                (b"{", 422, "invalid_input"),
                (b'"x"', 422, "invalid_input"),
                (b"[" * 200_000, 400, "bad_input"),
                (b"\xff", 400, "bad_input"),
            ):
                self.check_refused(
                    call, "POST", path, status, code, body=content, user=self.alice, headers=kind
                )
            query = {**DAYS, "filters": json.dumps(deep)}
            self.check_refused(
                call, "GET", f"{API}/query/sessions", 400, "bad_filter", query=query, user=self.alice
            )

    def test_nobody_asks_without_a_login_and_a_key_only_writes(self) -> None:
        for call in self.servers():
            for name in ("trends", "funnel", "retention", "paths", "lifecycle", "stickiness", "sessions"):
                body = {
                    **DAYS,
                    "series": [{}],
                    "steps": [{"event": "a"}, {"event": "b"}],
                    "window_seconds": 1,
                }
                wanted = query_shapes.__dict__[f"{name.capitalize()}Request"].model_fields
                body = {key: value for key, value in body.items() if key in wanted}
                path = f"{API}/query/{name}"
                self.check_refused(call, "POST", path, 401, "not_authenticated", body=body)
                key = {"Authorization": f"Bearer {TOKEN}"}
                self.check_refused(call, "POST", path, 403, "key_is_write_only", body=body, headers=key)

    def test_properties_and_their_values(self) -> None:
        for call in self.servers():
            found = call("GET", f"{API}/properties", user=self.alice, query={"event": "view"})
            plan = next(one for one in found.body["properties"] if one["name"] == "plan")
            self.assertEqual((plan["kind"], plan["share"], found.body["sampled_events"]), ("text", 0.8, 5))
            path = f"{API}/properties/plan/values"
            values = call("GET", path, user=self.alice, query={"event": "view", "search": "PR"})
            self.assertEqual(values.body["values"], [{"value": "pro", "events": 2}])
            names = call(
                "GET", f"{API}/properties/event_name/values", user=self.alice, query={"scope": "column"}
            )
            self.assertEqual(names.body["values"][0], {"value": "view", "events": 5})
            tag = {"If-None-Match": values.headers["etag"]}
            query = {"event": "view", "search": "PR"}
            self.assertEqual(call("GET", path, user=self.alice, query=query, headers=tag).status, 304)
            self.check_refused(call, "GET", f"{API}/properties/x/values", 400, "bad_filter",
                               user=self.alice, query={"scope": "column"})  # fmt: skip
            self.check_refused(call, "GET", path, 422, "invalid_input", user=self.alice, query={"limit": 0})


class ShapesTest(ServersTestCase):
    def test_the_names_in_the_shapes_are_the_engines(self) -> None:
        self.assertEqual(set(get_args(query_shapes.MeasureName)), set(Measure))
        self.assertEqual(set(get_args(query_shapes.IntervalName)), set(Interval))
        self.assertEqual(set(get_args(query_shapes.ScopeName)), set(Scope))

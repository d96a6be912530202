"""The explorers: who may see them, what their pages say, and that their figures are the API's."""

from __future__ import annotations

import csv
import html
import io
import json
import random
import re
from typing import Any
from unittest import mock
from urllib.parse import quote

from django.contrib.auth.models import User
from django.db import DatabaseError
from django.http import QueryDict
from django.test import Client, TestCase

from analytics import clock
from analytics.api import query as query_api
from analytics.dashboard.explore.analyses import ANALYSES
from analytics.models import Cohort
from analytics.tests.cast import alice, make_key, posthog_event, send_batch
from analytics.tests.test_dashboard import HOSTILE, NOON, at, staff_client
from eventlake.errors import QueryFailedError, QueryTimeoutError

RANGE = "from=2026-05-01&to=2026-05-06"
FUNNEL = "steps.1.event=view&steps.2.event=paid&window_seconds=86400"
QUERIES = {
    "trends": "series.1.event=view&series.1.measure=persons&series.2.event=paid&compare=previous_period",
    "funnel": FUNNEL,
    "retention": "start_event=view&interval=day&periods=3",
    "paths": "within=person",
    "lifecycle": "interval=day",
    "stickiness": "within=week",
}
#: Parts of names and texts from which odd addresses are made.
PLACES = (
    "series", "steps", "filters", "all", "any", "not", "1", "2", "property", "value", "cohort", "breakdown", "scope",
    "event", "operator", "limit", "window_seconds", "interval", "periods", "exclusions", "days", "from", "to",
    "timezone", "formula", "measure", "label", "within", "start_event",
)  # fmt: skip
TEXTS = (
    "0", "1", "-1", "99999999999999999999", "week", "day", "in", "regex", "(", "\x00", "'", '"', "A / B", "person",
    "column", "event_name", "sum", "2026-05-01", "Europe/Vienna", "../../etc/passwd", "x" * 1001, "null",
    "nan", "1e400",
)  # fmt: skip
HOSTILE_SHOWN = html.escape(HOSTILE)


def send_stream() -> None:
    """Seven events of three persons on three days."""
    with clock.frozen(NOON):
        send_batch(
            at("2026-05-01T08:00", "view", "u1", plan="pro"),
            at("2026-05-01T09:00", "paid", "u1", price=10),
            at("2026-05-01T10:00", "view", "u2", plan="free"),
            at("2026-05-02T08:00", "view", "u1", plan="pro"),
            at("2026-05-02T10:00", "view", "u3", plan="pro"),
            at("2026-05-03T08:00", "paid", "u3", price=5),
            at("2026-05-03T09:00", "view", "u2", plan="free"),
        )


class ExploreTestCase(TestCase):
    """A member of staff, a key, and a stream of events."""

    def setUp(self) -> None:
        make_key()
        with clock.frozen(NOON):
            self.client = staff_client()
        send_stream()

    def ask(self, name: str, query: str, **headers: str) -> Any:
        """The fragment of an analysis at noon."""
        with clock.frozen(NOON):
            return self.client.get(f"/dashboard/{name}/data/?{query}", headers=headers)

    def text(self, name: str, query: str = "") -> str:
        """Its text, which must be an answer."""
        answer = self.ask(name, f"{RANGE}&{query}")
        self.assertEqual(answer.status_code, 200, answer.content.decode())
        return str(answer.content.decode())

    def drawn(self, name: str, query: str) -> dict[str, Any]:
        """The JSON that the chart is drawn from."""
        found = re.search(r'<script id="chart-data"[^>]*>(.*?)</script>', self.text(name, query))
        assert found is not None
        data: dict[str, Any] = json.loads(found[1])
        return data

    def file(self, name: str, query: str) -> list[list[str]]:
        """The rows of its file."""
        with clock.frozen(NOON):
            answer = self.client.get(f"/dashboard/{name}/csv/?{RANGE}&{query}")
        self.assertEqual(answer.status_code, 200, answer.content.decode())
        return list(csv.reader(io.StringIO(answer.content.decode())))


class AccessTest(TestCase):
    """Staff only, on every address."""

    PATHS = (
        "/dashboard/explore/options/",
        *(f"/dashboard/{name}/{part}" for name in ANALYSES for part in ("", "data/", "csv/")),
    )

    def test_a_stranger_is_sent_to_the_login(self) -> None:
        for path in self.PATHS:
            answer = Client().get(path)
            self.assertEqual((answer.status_code, answer["Location"][:13]), (302, "/admin/login/"), path)

    def test_a_user_who_is_not_staff_sees_nothing(self) -> None:
        client = staff_client(alice())
        for path in self.PATHS:
            self.assertEqual(client.get(path).status_code, 302, path)

    def test_every_answer_carries_the_policy_and_is_kept_by_no_cache(self) -> None:
        client = staff_client()
        for path in self.PATHS:
            answer = client.get(path)
            self.assertIn("default-src 'none'", answer["Content-Security-Policy"], path)
            self.assertEqual(answer["Cache-Control"], "private, no-store", path)


class PageTest(TestCase):
    """The shell with its form."""

    def setUp(self) -> None:
        self.client = staff_client()

    def test_it_stands_without_reading_an_event(self) -> None:
        with mock.patch("analytics.reports.analyses.ask_within", side_effect=AssertionError):
            for name in ANALYSES:
                answer = self.client.get(f"/dashboard/{name}/?days=14")
                self.assertContains(answer, f'hx-get="/dashboard/{name}/data/?days=14"')
                self.assertContains(answer, 'value="14" form="question" id="range-14" checked')

    def test_it_asks_the_database_for_the_session_and_rights_only(self) -> None:
        for name in ANALYSES:
            with self.subTest(name), self.assertNumQueries(4):
                self.client.get(f"/dashboard/{name}/?{QUERIES[name]}&filters.property=plan&filters.value=pro")

    def test_it_has_no_inline_script_style_or_other_host(self) -> None:
        for name in ANALYSES:
            page = self.client.get(f"/dashboard/{name}/?{QUERIES[name]}").content.decode()
            self.assertIsNone(re.search(r"<script(?![^>]* src=)", page))
            self.assertIsNone(re.search(r"<style|\sstyle=|\son[a-z]+=|https?://(?!testserver)", page))

    def test_the_form_is_filled_from_the_address(self) -> None:
        cohort = Cohort.objects.create(name="Payers", kind="static")
        query = (
            "series.1.event=view&series.2.event=paid&series.2.measure=sum&series.2.property=price&formula=B/A"
            "&interval=week&compare=previous_period&breakdown.property=plan&breakdown.scope=person&breakdown.limit=3"
            "&filters.any.1.property=browser&filters.any.1.scope=column&filters.any.1.operator=in"
            f"&filters.any.1.value=Firefox&filters.any.1.value=Safari&filters.any.2.not.cohort={cohort.pk}"
        )
        page = self.client.get(f"/dashboard/trends/?{query}").content.decode()
        for part in (
            'data-value value="view"', 'data-value value="paid"', '<option value="sum" selected>',
            'data-value value="price"', 'value="B/A"', '<option value="week" selected>',
            'value="previous_period" checked',
            'data-scope value="person"', 'max="100" value="3"', '<option value="any" selected>',
            '<option value="in" selected>', 'data-field="value" value="Firefox"', 'data-field="value" value="Safari"',
            '<option value="not.cohort" selected>', 'value="Payers"',
        ):  # fmt: skip
            self.assertIn(part, page)

    def test_an_address_that_cannot_be_read_still_shows_the_form(self) -> None:
        for name in ANALYSES:
            for query in (
                "days=soon",
                "interval=a&interval=b",
                "filters.not.not=x",
                "series=7&steps=7&breakdown=x",
            ):
                answer = self.client.get(f"/dashboard/{name}/?{query}")
                self.assertContains(answer, 'id="question"', msg_prefix=f"{name} {query}")

    def test_a_hostile_address_is_escaped(self) -> None:
        hostile = quote(f'"{HOSTILE}')
        query = "&".join(
            f"{field}={hostile}"
            for field in (
                "series.1.event",
                "steps.1.event",
                "start_event",
                "event",
                "formula",
                "filters.property",
                "timezone",
            )
        )
        for name in ANALYSES:
            page = self.client.get(
                f"/dashboard/{name}/?{query}&interval={hostile}&filters.value={hostile}"
            ).content
            self.assertNotIn(b"<script>alert", page)

    def test_the_side_bar_leads_to_every_explorer(self) -> None:
        page = self.client.get("/dashboard/trends/")
        self.assertContains(page, "<h2>Explore</h2>")
        for name in ANALYSES:
            self.assertContains(page, f'href="/dashboard/{name}/"')


class AnswerTest(ExploreTestCase):
    """What the fragments say is what the API answers."""

    def api(self, name: str, **values: Any) -> dict[str, Any]:
        """The API's answer for the same days."""
        with clock.frozen(NOON):
            answer = query_api.run(name, {"date_from": "2026-05-01", "date_to": "2026-05-07", **values})
        return answer.model_dump()

    def test_trends(self) -> None:
        series = [{"event": "view", "measure": "persons"}, {"event": "paid"}]
        found = self.api("trends", series=series, compare="previous_period")
        lines = self.drawn("trends", QUERIES["trends"])["lines"]
        self.assertEqual([line["values"] for line in lines], [line["values"] for line in found["series"]])
        self.assertEqual([line["values"][:3] for line in lines], [[2, 2, 1], [1, 0, 1]])
        self.assertEqual(
            [line["before"] for line in lines], [line["values"] for line in found["previous"]["series"]]
        )
        page = self.text("trends", QUERIES["trends"])
        self.assertRegex(page, r'</span>view</th><td class="number">3</td>')

    def test_trends_by_a_property_of_which_one_has_none(self) -> None:
        query = "series.1.measure=count&breakdown.property=plan&breakdown.limit=1"
        lines = self.drawn("trends", query)["lines"]
        self.assertEqual([line["label"] for line in lines], ["pro", "All others"])

    def test_a_formula_replaces_the_lines(self) -> None:
        query = "series.1.event=paid&series.2.event=view&formula=A / B * 100"
        self.assertEqual(self.drawn("trends", query)["lines"][0]["values"][:3], [50.0, 0.0, 100.0])

    def test_funnel(self) -> None:
        steps = [{"event": "view"}, {"event": "paid"}]
        found = self.api("funnel", steps=steps, window_seconds=86_400)["steps"]
        self.assertEqual([step["persons"] for step in found], [3, 2])
        group = self.drawn("funnel", FUNNEL)["groups"][0]
        self.assertEqual(group["persons"], [3, 2])
        page = self.text("funnel", FUNNEL)
        self.assertRegex(page, r'2\. paid</th><td class="number">2</td><td class="number">66\.7%</td>')
        self.assertIn("11h 30m", page)
        self.assertEqual(found[1]["median_seconds_from_previous"], 41_400)

    def test_funnel_by_groups_without_an_excluded_event(self) -> None:
        query = (
            f"{FUNNEL}&breakdown.property=plan"
            "&exclusions.1.event=none&exclusions.1.from_step=1&exclusions.1.to_step=2"
        )
        groups = self.drawn("funnel", query)["groups"]
        self.assertEqual(
            [(one["label"], one["persons"]) for one in groups], [("pro", [2, 2]), ("free", [1, 0])]
        )

    def test_a_funnel_without_steps_says_what_to_do(self) -> None:
        self.assertIn("at least two steps", self.text("funnel", "steps.1.event=view"))

    def test_retention(self) -> None:
        found = self.api("retention", start_event="view", interval="day", periods=3)["cohorts"]
        page = self.text("retention", QUERIES["retention"])
        rows = re.findall(r'<tr><th scope="row">([^<]*)</th><td class="number">(\d+)</td>(.*?)</tr>', page)
        self.assertEqual([int(size) for _, size, _ in rows], [cohort["size"] for cohort in found])
        shown = [[int(text) for text in re.findall(r'title="(\d+) people"', cells)] for _, _, cells in rows]
        self.assertEqual(shown[0], found[0]["returned"])
        self.assertEqual(self.drawn("retention", QUERIES["retention"])["lines"][0]["values"][0], 100)

    def test_paths(self) -> None:
        found = self.api("paths", within="person", limit=30)["links"]
        page = self.text("paths", QUERIES["paths"])
        self.assertEqual(page.count("<path d="), len(found) + page.count('class="icon"'))
        first = found[0]
        self.assertIn(f"<title>{first['source']} → {first['target']}: {first['count']}</title>", page)
        self.assertIn(f'<td>{first["target"]}</td><td class="number">{first["count"]}</td>', page)

    def test_lifecycle_and_stickiness(self) -> None:
        found = self.api("lifecycle", interval="day")
        lines = self.drawn("lifecycle", QUERIES["lifecycle"])["lines"]
        self.assertEqual(
            [line["values"] for line in lines],
            [found[key] for key in ("new", "returning", "resurrecting", "dormant")],
        )
        found = self.api("stickiness", within="week")
        self.assertEqual(
            self.drawn("stickiness", QUERIES["stickiness"])["lines"][0]["values"], found["persons"]
        )

    def test_filters_cohorts_and_zones_count(self) -> None:
        cohort = Cohort.objects.create(
            name="Payers", kind="behavioural", definition={"event": "paid", "within_days": 30}
        )
        plan = "filters.all.1.property=plan&filters.all.1.value=pro"
        query = f"series.1.event=view&{plan}&filters.all.2.cohort={cohort.pk}"
        self.assertEqual(sum(self.drawn("trends", query)["lines"][0]["values"]), 3)
        drawn = self.drawn("trends", f"{query}&timezone=Pacific/Kiritimati")
        self.assertEqual(drawn["lines"][0]["values"][:3], [1, 1, 1])
        self.assertIn("Pacific/Auckland", self.text("trends", "timezone=Pacific/Auckland"))

    def test_every_answer_has_its_proof(self) -> None:
        for name, query in QUERIES.items():
            page = self.text(name, query)
            for word in (f"{name}/", "Rows read", "Lake version", "Fresh to", "select"):
                self.assertIn(word, page, name)

    def test_people_of_a_cohort_in_the_question_are_one_click_away(self) -> None:
        number = Cohort.objects.create(
            name="Payers", kind="behavioural", definition={"event": "paid", "within_days": 30}
        ).pk
        page = self.text("funnel", f"{FUNNEL}&steps.1.filters.all.1.cohort={number}")
        self.assertIn(f'href="/dashboard/people/?cohort={number}">People in Payers</a>', page)

    def test_sample_rows_are_offered_to_whoever_may_see_them(self) -> None:
        self.assertNotIn("Sample rows", self.text("lifecycle", "event=view"))
        with clock.frozen(NOON):
            self.client = staff_client(User.objects.create_superuser("root", password="root-password-1"))
        self.assertIn(
            'href="/admin/analytics/userevent/?q=view">Sample rows of view</a>',
            self.text("lifecycle", "event=view"),
        )


class AddressTest(ExploreTestCase):
    """The browser's address follows the form."""

    def test_a_changed_form_moves_the_address_to_the_question_written_its_own_way(self) -> None:
        query = f"{RANGE}&start_event=view&return_event=&filters.all.1.property=&filters.all.1.operator=eq"
        answer = self.ask("retention", query, **{"HX-Trigger": "question"})
        self.assertEqual(
            answer["HX-Push-Url"],
            f"/dashboard/retention/?{RANGE}&start_event=view&interval=week&periods=8&kind=first_time",
        )

    def test_the_first_look_moves_nothing(self) -> None:
        self.assertNotIn("HX-Push-Url", self.ask("retention", RANGE))

    def test_a_question_that_is_none_is_in_the_address_as_it_was_asked(self) -> None:
        answer = self.ask("trends", "days=0&series.1.event=a+b&formula=", **{"HX-Trigger": "question"})
        self.assertEqual(answer["HX-Push-Url"], "/dashboard/trends/?days=0&series.1.event=a+b")

    def test_a_name_cannot_break_the_header(self) -> None:
        name = quote("a\r\nX-Evil: 1 ü")
        answer = self.ask("lifecycle", f"{RANGE}&event={name}", **{"HX-Trigger": "question"})
        self.assertIn("a%0D%0AX-Evil:%201%20%C3%BC", answer["HX-Push-Url"])


class FailureTest(ExploreTestCase):
    """What cannot be asked or answered is a panel with the API's words."""

    def test_bad_questions_are_panels_with_the_words_of_the_api(self) -> None:
        cases = [
            ("trends", "formula=A %2B C", "C"),
            ("trends", "series.1.measure=sum", "series[0]: the measure sum needs a property"),
            (
                "trends",
                "filters.property=plan&filters.operator=like&filters.value=x",
                "filters.operator: one of eq",
            ),
            ("trends", "filters.property=x&filters.scope=column&filters.value=1", "there is no column"),
            ("trends", "filters.cohort=99999", "there is no cohort 99999"),
            ("trends", "filters.property=a&filters.operator=regex&filters.value=(", "missing )"),
            ("trends", "filters.property=a&filters.value=%00", "null character"),
            ("trends", "interval=hour&from=1980-01-01&to=2020-01-01", "more than 4000 buckets"),
            (
                "funnel",
                "steps.1.event=a&steps.2.event=b&window_seconds=soon",
                "window_seconds: Input should be",
            ),
            (
                "funnel",
                f"{FUNNEL}&exclusions.1.event=view&exclusions.1.from_step=1&exclusions.1.to_step=2",
                "cannot be an exclusion",
            ),
            ("retention", "interval=hour", "interval: Input should be"),
            ("paths", "max_steps=1", "max_steps: Input should be greater"),
            ("stickiness", "timezone=Nowhere", "unknown time zone"),
        ]
        for name, query, words in cases:
            with self.subTest(query):
                answer = self.ask(name, query)
                self.assertEqual(answer.status_code, 400)
                self.assertEqual(answer["X-Analytics-Panel"], "1")
                self.assertIn(words, html.unescape(answer.content.decode()))
                self.assertIn("Start with a new question", answer.content.decode())
                file = self.client.get(f"/dashboard/{name}/csv/?{query}")
                self.assertEqual((file.status_code, file["Content-Type"]), (400, "text/plain; charset=utf-8"))

    def test_whatever_is_asked_is_answered_or_refused_and_never_breaks(self) -> None:
        chance = random.Random(7)
        for _ in range(150):
            name = chance.choice(sorted(ANALYSES))
            query = QueryDict(QUERIES[name], mutable=True)
            for _ in range(chance.randint(1, 3)):
                place = ".".join(chance.choices(PLACES, k=chance.randint(1, 4)))
                query.appendlist(place, chance.choice(TEXTS))
            with self.subTest(query.urlencode()):
                for part in ("", "data/", "csv/"):
                    with clock.frozen(NOON):
                        answer = self.client.get(f"/dashboard/{name}/{part}?{query.urlencode()}")
                    self.assertIn(answer.status_code, (200, 400))

    def test_a_lake_that_fails_shows_no_path(self) -> None:
        for error, words in (
            (QueryFailedError("cannot open /srv/secret"), "cannot be read now"),
            (QueryTimeoutError("the query took longer than 30 seconds"), "ask for a shorter range"),
        ):
            with mock.patch("analytics.reports.analyses.lake.source", side_effect=error), self.settings():
                answer = self.ask("lifecycle", RANGE)
            self.assertContains(answer, words, status_code=503)
            self.assertNotContains(answer, "secret", status_code=503)

    def test_a_database_that_is_away_is_said_so(self) -> None:
        failing = mock.patch("analytics.reports.analyses.lake.source", side_effect=DatabaseError("10.0.0.1"))
        for path in (
            f"/dashboard/paths/data/?{RANGE}",
            f"/dashboard/paths/csv/?{RANGE}",
            "/dashboard/explore/options/?kind=events",
        ):
            with failing, self.assertLogs("analytics.dashboard", "ERROR"):
                answer = self.client.get(path)
            self.assertContains(answer, "The database cannot be reached now.", status_code=503)

    def test_nothing_found_says_where_to_look(self) -> None:
        with clock.frozen(NOON):
            answer = self.client.get(
                "/dashboard/lifecycle/data/?from=2012-01-01&to=2012-01-31&event=view"
            ).content.decode()
        self.assertIn("Nothing matches this question", answer)
        self.assertIn("?from=2026-05-01&amp;to=2026-05-04&amp;event=view", answer)

    def test_an_empty_installation_leads_to_the_first_event(self) -> None:
        with (
            mock.patch("analytics.dashboard.explore.views.first_hour_report.has_events", return_value=False),
            clock.frozen(NOON),
        ):
            answer = self.client.get("/dashboard/lifecycle/data/?from=2012-01-01&to=2012-01-31")
        self.assertContains(answer, 'href="/dashboard/overview/"')


class FileTest(ExploreTestCase):
    """CSV files."""

    def test_every_analysis_has_one_with_plain_numbers(self) -> None:
        rows = self.file("trends", QUERIES["trends"])
        self.assertEqual(
            rows[0], ["bucket", "view", "paid", "bucket before", "view (before)", "paid (before)"]
        )
        self.assertEqual(rows[1][:3], ["2026-05-01T00:00:00+00:00", "2", "1"])
        self.assertEqual(self.file("funnel", FUNNEL)[2][:4], ["", "2", "paid", "2"])
        self.assertEqual(self.file("retention", QUERIES["retention"])[1][1:], ["2", "2", "1", "1"])
        self.assertIn(["1", "view", "paid", "2", "2"], self.file("paths", QUERIES["paths"]))
        self.assertEqual(len(self.file("lifecycle", QUERIES["lifecycle"])), 7)
        self.assertEqual(len(self.file("stickiness", QUERIES["stickiness"])), 8)

    def test_names_that_a_spreadsheet_would_run_are_put_out_of_action(self) -> None:
        with clock.frozen(NOON):
            send_batch(
                at("2026-05-04T08:00", "=cmd|' /C calc'!A0", "u9"), at("2026-05-04T09:00", "@sum", "u9")
            )
        cells = [cell for row in self.file("paths", "within=person") for cell in row]
        self.assertIn("'=cmd|' /C calc'!A0", cells)
        self.assertIn("'@sum", cells)
        heads = self.file("trends", f"series.1.event={quote('=1+1')}")[0]
        self.assertEqual(heads[1], "'=1+1")

    def test_it_is_named_after_its_question(self) -> None:
        with clock.frozen(NOON):
            answer = self.client.get(f"/dashboard/trends/csv/?{RANGE}")
        self.assertEqual(
            answer["Content-Disposition"], 'attachment; filename="trends_2026-05-01_2026-05-06.csv"'
        )


class HostileTest(ExploreTestCase):
    """Names that strangers sent are text everywhere."""

    def setUp(self) -> None:
        super().setUp()
        with clock.frozen(NOON):
            send_batch(
                at("2026-05-04T08:00", HOSTILE, "u7", **{HOSTILE: HOSTILE}),
                at("2026-05-04T09:00", f"{HOSTILE}2", "u7", **{HOSTILE: HOSTILE}),
            )

    def test_event_and_property_names_are_escaped(self) -> None:
        event, prop = quote(HOSTILE), quote(HOSTILE)
        queries = {
            "trends": f"series.1.event={event}&breakdown.property={prop}&filters.property={prop}&filters.value={event}",
            "funnel": f"steps.1.event={event}&steps.2.event={event}2&window_seconds=86400&breakdown.property={prop}",
            "retention": f"start_event={event}",
            "paths": f"within=person&start_event={event}",
            "lifecycle": f"event={event}",
            "stickiness": f"event={event}",
        }
        for name, query in queries.items():
            for page in (
                self.text(name, query),
                self.client.get(f"/dashboard/{name}/?{query}").content.decode(),
            ):
                self.assertNotIn("<script>alert", page, name)
        self.assertIn(HOSTILE_SHOWN, self.text("paths", queries["paths"]))
        self.assertIn(HOSTILE_SHOWN, self.client.get(f"/dashboard/lifecycle/?event={event}").content.decode())

    def test_the_json_of_a_chart_cannot_end_its_block(self) -> None:
        ending = "</script><script>alert(1)</script>"
        with clock.frozen(NOON):
            send_batch(at("2026-05-04T08:00", ending, "u7"))
        drawn = self.drawn("trends", f"series.1.event={quote(ending)}")
        self.assertEqual(drawn["lines"][0]["label"], ending)


class OptionsTest(ExploreTestCase):
    """What the pickers offer."""

    def options(self, query: str) -> list[tuple[str, str]]:
        """Values and details of all groups."""
        answer = self.client.get(f"/dashboard/explore/options/?{query}")
        self.assertEqual(answer.status_code, 200, answer.content)
        groups = answer.json()["groups"]
        return [(one["value"], one["detail"]) for group in groups for one in group["options"]]

    def test_events_are_those_that_exist_the_most_frequent_first(self) -> None:
        names = [pair for pair in self.options("kind=events") if pair[0] in ("view", "paid")]
        self.assertEqual(names, [("view", "5"), ("paid", "2")])
        self.assertEqual(self.options("kind=events&q=PAI"), [("paid", "2")])

    def test_properties_are_those_of_the_event_its_columns_and_its_person(self) -> None:
        with clock.frozen(NOON):
            send_batch(posthog_event("$identify", "u1", properties={"$set": {"planet": "Mars"}}))
        answer = self.client.get("/dashboard/explore/options/?kind=properties&event=paid&q=p").json()[
            "groups"
        ]
        found = {(option["value"], option["scope"]) for group in answer for option in group["options"]}
        self.assertIn(("price", "event"), found)
        self.assertNotIn(("plan", "event"), found)
        self.assertIn(("page_path", "column"), found)
        self.assertIn(("planet", "person"), found)

    def test_values_are_searched_and_belong_to_the_property(self) -> None:
        self.assertEqual(self.options("kind=values&property=plan&event=view"), [("pro", "3"), ("free", "2")])
        self.assertEqual(self.options("kind=values&property=plan&q=fr"), [("free", "2")])
        self.assertEqual(self.options("kind=values&property=event_name&scope=column&q=pai"), [("paid", "2")])
        self.assertEqual(self.options("kind=values"), [])

    def test_a_value_in_quotation_marks_stays_the_text_that_it_is(self) -> None:
        with clock.frozen(NOON):
            send_batch(at("2026-05-04T08:00", "said", "u9", words='"hi"'))
        ((value, _detail),) = self.options("kind=values&property=words")
        query = QueryDict(f"filters.property=words&filters.value={quote(value)}&series.1.event=said")
        self.assertEqual(sum(self.drawn("trends", query.urlencode())["lines"][0]["values"]), 1)

    def test_cohorts_and_zones(self) -> None:
        cohort = Cohort.objects.create(name="Payers", kind="static")
        self.assertEqual(self.options("kind=cohorts&q=pay")[0][0], str(cohort.pk))
        self.assertEqual(self.options("kind=zones&q=new york"), [("America/New_York", "")])

    def test_what_cannot_be_listed_is_said(self) -> None:
        for query in (
            "kind=secrets",
            "kind=values&property=x&scope=column",
            "kind=events&q=%00",
            "kind=cohorts&q=%00",
        ):
            answer = self.client.get(f"/dashboard/explore/options/?{query}")
            self.assertEqual(answer.status_code, 400)
            self.assertTrue(answer.json()["detail"])

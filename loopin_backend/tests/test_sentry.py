"""Error reports: none without a DSN, and with one nothing that belongs to a person."""

from __future__ import annotations

import subprocess
import sys
from typing import Any
from unittest import TestCase

from loopin_backend import env
from loopin_backend.production_rules import list_production_problems
from loopin_backend.sentry import scrub
from loopin_backend.tests.sentry_shop import ANN
from loopin_backend.tests.sentry_stand_in import SentryStandIn
from loopin_backend.tests.test_env import load


def run_shop(**variables: str) -> subprocess.CompletedProcess[str]:
    """The shop in a process of its own, since the SDK hooks into everything."""
    return subprocess.run(
        [sys.executable, "-m", "loopin_backend.tests.sentry_shop"],
        cwd=env.PROJECT_ROOT,
        env=env.child_environment(
            LOOPIN_ENV="test", DJANGO_SETTINGS_MODULE="loopin_backend.settings.test", **variables
        ),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


class ReportsTest(TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.sentry = cls.enterClassContext(SentryStandIn())
        done = run_shop(SENTRY_DSN=cls.sentry.dsn, SENTRY_TRACES_SAMPLE_RATE="1")
        if done.returncode:
            raise AssertionError(done.stdout + done.stderr)
        cls.events = cls.sentry.items("event")

    def kinds(self) -> list[str]:
        return [
            value["type"] for event in self.events for value in event.get("exception", {}).get("values", ())
        ]

    def test_what_broke_is_reported_once_each_with_its_place(self) -> None:
        self.assertEqual(sorted(self.kinds()), ["RuntimeError", "ValueError"])
        broken = next(e for e in self.events if "ValueError" in str(e.get("exception")))
        frame = broken["exception"]["values"][0]["stacktrace"]["frames"][-1]
        self.assertEqual((frame["function"], "sentry_shop" in frame["filename"]), ("order", True))
        self.assertEqual(broken["transaction"].strip("/"), "orders/{number}")
        self.assertEqual((broken["release"], broken["environment"]), ("shop@1", "test"))

    def test_errors_in_the_log_are_reported_by_the_text_in_the_code(self) -> None:
        logged = [event["logentry"]["message"] for event in self.events if "logentry" in event]
        self.assertIn("cannot deliver to %s", logged)

    def test_nothing_personal_leaves_by_any_way(self) -> None:
        sent = b"\n".join(self.sentry.bodies).decode()
        self.assertGreater(len(sent), 1000)
        for secret in ANN:
            self.assertNotIn(secret, sent)
        self.assertNotIn("canary", sent.lower())

    def test_requests_users_and_variables_are_not_in_a_report(self) -> None:
        for event in self.events + self.sentry.items("transaction"):
            self.assertFalse(
                {"request", "user", "extra", "tags", "breadcrumbs", "modules"}
                & {k for k, v in event.items() if v}
            )
            for value in event.get("exception", {}).get("values", ()):
                self.assertNotIn("value", value)
                self.assertFalse([frame for frame in value["stacktrace"]["frames"] if "vars" in frame])

    def test_requests_are_timed_under_their_route(self) -> None:
        names = {item["transaction"].strip("/") for item in self.sentry.items("transaction")}
        self.assertLessEqual({"orders/{number}", "unmatched"}, names)

    def test_no_session_and_no_report_about_the_sdk_is_sent(self) -> None:
        for kind in ("session", "sessions", "client_report", "log", "trace_metric"):
            self.assertEqual(self.sentry.items(kind), [])


class OffTest(TestCase):
    def test_without_a_dsn_nothing_is_sent_and_nothing_is_hooked(self) -> None:
        done = run_shop(SENTRY_DSN="")
        self.assertEqual(done.returncode, 0, done.stderr)
        with SentryStandIn() as sentry:
            run_shop(SENTRY_DSN="", HTTP_PROXY=sentry.dsn.replace("public@", ""), SENTRY_RELEASE="x")
            self.assertEqual(sentry.bodies, [])

    def test_it_is_off_by_default_and_times_at_most_one_request_in_a_hundred(self) -> None:
        self.assertEqual(load().sentry_dsn.get_secret_value(), "")
        self.assertLessEqual(load().sentry_traces_sample_rate, 0.01)


class ProductionTest(TestCase):
    def problems(self, dsn: str) -> list[str]:
        return [problem.key for problem in list_production_problems(load(SENTRY_DSN=dsn))]

    def test_reports_travel_encrypted_or_stay_in_the_house(self) -> None:
        self.assertIn("SENTRY_DSN", self.problems("http://public@sentry.example.com/1"))
        for dsn in ("https://public@sentry.example.com/1", "http://public@sentry.internal/1"):
            self.assertNotIn("SENTRY_DSN", self.problems(dsn))


class ScrubTest(TestCase):
    def scrubbed(self, **event: Any) -> dict[str, Any]:
        return dict(scrub(event, {}))

    def test_a_field_that_nobody_allowed_is_dropped(self) -> None:
        self.assertEqual(self.scrubbed(level="error", brand_new="ann"), {"level": "error", "server_name": ""})

    def test_a_path_is_no_name_of_a_transaction(self) -> None:
        given = {"transaction": "/orders/ann", "transaction_info": {"source": "url"}}
        self.assertEqual(self.scrubbed(**given)["transaction"], "unmatched")

    def test_statements_of_a_trace_stay_here(self) -> None:
        span = {"op": "db", "span_id": "1", "description": "SELECT 'ann'", "data": {"x": "ann"}}
        self.assertEqual(self.scrubbed(spans=[span])["spans"], [{"op": "db", "span_id": "1"}])
